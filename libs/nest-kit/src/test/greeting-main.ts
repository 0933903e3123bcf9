/** The greeting service as a process, as an image runs it. */
import { bootstrapService } from '../bootstrap.js';
import { GreetingModule } from './greeting.js';

await bootstrapService({ name: 'metrics', module: GreetingModule, environment: {} });
