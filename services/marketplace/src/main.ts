import { bootstrapService, databaseEnvironment } from '@conclave/nest-kit';
import { postgres } from '@conclave/postgres-kit';
import { InstallationEntity } from './installations/installation.entity.js';
import { MarketplaceModule } from './marketplace.module.js';

await bootstrapService({
  name: 'marketplace',
  module: MarketplaceModule,
  environment: databaseEnvironment,
  resources: [postgres({ entities: [InstallationEntity] })],
});
