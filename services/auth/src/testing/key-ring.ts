import { z } from 'zod';
import { secretsEnvironment } from '../data-keys/config.js';
import { KeyRing } from '../data-keys/key-ring.js';

const config = z.object(secretsEnvironment);

/** The keys of an installation with this environment. */
export const ringOf = (environment: z.input<typeof config>): KeyRing => new KeyRing(config.parse(environment));
