import { Module } from '@nestjs/common';
import { AnalyticsController } from './analytics/analytics.controller.js';
import { PostgresAnalytics } from './analytics/postgres-analytics.js';
import { TakeFacts } from './facts/postgres-take-facts.js';

@Module({ controllers: [AnalyticsController], providers: [PostgresAnalytics, TakeFacts] })
export class MetricsModule {}
