import { parseArgs } from 'node:util';
import { bootstrapService } from '@conclave/nest-kit';
import { edgeService } from './edge/edge-service.js';

const { role } = parseArgs({ options: { role: { type: 'string', default: 'edge' } } }).values;
if (role === 'delivery') await import('./delivery-main.js');
else if (role === 'edge') await bootstrapService(edgeService);
else throw new Error(`unknown role ${role}: expected edge or delivery`);
