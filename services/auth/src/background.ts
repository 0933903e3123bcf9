import { SealAnew } from './connections/seal-anew.js';
import { Readings } from './directories/readings.js';
import { RecheckDomains } from './mail-domains/recheck-domains.js';
import { Postman } from './mails/postman.js';
import { inRounds } from './rounds.js';

/** What auth does without being asked. */
export const background = [inRounds(Postman), inRounds(RecheckDomains), inRounds(Readings), inRounds(SealAnew)];
