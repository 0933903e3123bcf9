import { Module } from '@nestjs/common';
import type { ServiceSpec } from '@conclave/nest-kit';
import { edgeEnvironment } from '../config.js';
import { openEdge } from './open-edge.js';

@Module({})
class EdgeModule {}

/** The public edge: it owns no data and no contract, it lets requests through to those that do. */
export const edgeService: ServiceSpec<typeof edgeEnvironment> = {
  name: 'gateway',
  module: EdgeModule,
  environment: edgeEnvironment,
  http: openEdge,
};
