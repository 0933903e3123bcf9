/** What turned out right, and the weights that voters earn by it. */
import { z } from 'zod';
import { contract } from '../contract.js';
import { idOf } from '../ids.js';
import { pageOf, pageQuery } from '../page.js';
import { optionId, taskClass } from './decision.js';

/**
 * Records what turned out right: `approved` or `rejected`, or options. Every voter whose ballot was counted was right if
 * it put one of them first. The same again is a repeat; anything else is refused, hindsight is given once.
 */
export const recordHindsight = contract({
  owner: 'consensus',
  subject: 'consensus.v1.calibration.record',
  permission: 'workspace:manage',
  callers: ['gateway', 'runtime'],
  request: z.strictObject({ id: idOf('decision'), taskClass, right: z.array(optionId).min(1).max(100) }),
  reply: z.object({
    id: idOf('decision'),
    taskClass: z.string(),
    right: z.array(z.string()),
    voters: z.array(z.object({ voterId: idOf('voter'), wasRight: z.boolean() })),
  }),
  errors: [
    'consensus.decision.not-found',
    'consensus.decision.phase',
    'consensus.decision.malformed',
    'consensus.calibration.conflict',
  ],
  http: {
    method: 'POST',
    path: '/v1/decisions/{id}/hindsight',
    status: 201,
    summary: 'Record what turned out right',
    tag: 'decisions',
    stability: 'beta',
  },
});

/** The weights voters have earned by known outcomes in a class of tasks, in thousandths, by voter. */
export const listCalibration = contract({
  owner: 'consensus',
  subject: 'consensus.v1.calibration.list',
  permission: 'decision:read',
  request: z.strictObject({ ...pageQuery, taskClass }),
  reply: pageOf(
    z.object({
      voterId: idOf('voter'),
      outcomes: z.number().int(),
      right: z.number().int(),
      weightMilli: z.number().int(),
    }),
  ),
  http: {
    method: 'GET',
    path: '/v1/calibration',
    summary: 'Weights that voters earned by known outcomes',
    tag: 'decisions',
    stability: 'beta',
  },
});
