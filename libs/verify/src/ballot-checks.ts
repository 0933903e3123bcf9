/**
 * Whether the ballots are the electorate's own and really give the recorded result.
 *
 * The rules live in consensus-core, which also ran them when the decision was taken: here they run again on what the
 * receipt holds, and every recorded status, figure and outcome must come out the same, byte for byte.
 */
import { jcs } from '@conclave/audit-core';
import { checkBallots as faultsOfBallots, ENGINE, recount } from '@conclave/consensus-core';
import type { OpenReceipt } from './open-receipt.js';
import { failed, held, type Finding } from './verdict.js';

/** Every signature holds, every commitment opens, every ballot is in its window and every status follows. */
export async function checkBallots({ predicate }: OpenReceipt): Promise<Finding> {
  const faults = await faultsOfBallots(predicate);
  const worst = faults.find(({ code }) => code === 'signature') ?? faults[0];
  if (worst !== undefined) {
    return failed(worst.code === 'signature' ? 'bad-signature' : 'tally-differs', `${worst.code} at ${worst.path}`);
  }
  const { electorate, ballots } = predicate;
  return held(`${ballots.length} of ${electorate.length} voters spoke, and every signature holds`);
}

/** The recount gives the recorded phase, tally and outcome. */
export function checkTally({ predicate }: OpenReceipt): Finding {
  const { phase, outcome, tally, engine } = predicate;
  if (jcs(engine) !== jcs(ENGINE)) {
    return failed('tally-differs', `counted by ${engine.name} ${engine.version}, which this verifier cannot repeat`);
  }
  const again = recount(predicate);
  if (!again.ok) return failed('tally-differs', `the ballots cannot be counted: ${again.refusal.reason}`);
  if (jcs(again.value) !== jcs({ phase, outcome, tally })) {
    const { status, reason } = again.value.outcome;
    return failed('tally-differs', `recorded ${outcome.status} (${outcome.reason}), recounted ${status} (${reason})`);
  }
  return held(`recounted: ${outcome.status} (${outcome.reason})`);
}
