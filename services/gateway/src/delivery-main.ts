import { bootstrapService } from '@conclave/nest-kit';
import { postgres } from '@conclave/postgres-kit';
import { deliveryEnvironment } from './delivery/config.js';
import { DeliveryModule, entities } from './delivery/delivery.module.js';
import { sweepDeliveries } from './delivery/deliveries/postgres-deliveries.js';
import { sending } from './delivery/deliveries/sender.js';

const resources = [postgres({ entities, sweep: sweepDeliveries }), sending];
await bootstrapService({ name: 'delivery', module: DeliveryModule, environment: deliveryEnvironment, resources });
