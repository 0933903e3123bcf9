/** The edge's content policy forbids eval; this keeps zod from probing for it. Must be the first import of all. */
import { config } from 'zod';

config({ jitless: true });
