/**
 * The offline verification of a decision receipt, step by step.
 *
 * Source: `docs/trust.md`. Reads the receipt and a trust policy, nothing else: no network, no clock, no platform. The
 * steps are ordered so that each may rely on those before it; the first that fails ends the verification.
 */
import { checkBallots, checkTally } from './ballot-checks.js';
import { checkSignature, checkSubject } from './envelope-checks.js';
import { checkCheckpoint, checkEntry, checkInclusion, checkWitnesses } from './log-checks.js';
import { openReceipt, type OpenReceipt } from './open-receipt.js';
import { checkPolicy } from './policy-check.js';
import { summarize } from './receipt-summary.js';
import type { TrustPolicy } from './trust-policy.js';
import { held, runChecks, type Check, type Finding, type StepName, type Verdict } from './verdict.js';
import { judgeWaivers, type WaiverReport, type WaiversAtHand } from './waivers.js';

/**
 * Verifies a receipt of any origin; whatever the bytes, the answer is a verdict.
 *
 * Waivers can excuse an outcome, and nothing else: they are looked at once everything else has held.
 * Without a trust policy the best verdict is `consistent-untrusted`: anybody can make a receipt that holds together.
 *
 * @throws Error only where the runtime has no WebCrypto Ed25519 (browsers offer it to HTTPS and localhost pages only)
 */
export async function verifyReceipt(
  input: Uint8Array | string,
  trust: TrustPolicy | undefined,
  waivers?: WaiversAtHand,
): Promise<Verdict> {
  let receipt: OpenReceipt | undefined;
  let report: WaiverReport | undefined;
  const check = (
    name: StepName,
    run: (receipt: OpenReceipt, trust: TrustPolicy | undefined) => Finding | Promise<Finding>,
  ): Check => [name, () => run(receipt!, trust)];

  const verdict = await runChecks(
    [
      [
        'parse',
        () => {
          receipt = openReceipt(input);
          return held(`receipt of decision ${receipt.predicate.decisionId}`);
        },
      ],
      check('signature', checkSignature),
      check('subject', checkSubject),
      check('checkpoint', checkCheckpoint),
      check('witnesses', checkWitnesses),
      check('inclusion', checkInclusion),
      check('entry', checkEntry),
      check('ballots', checkBallots),
      check('tally', checkTally),
      check('policy', async (opened) => {
        if (trust && waivers) report = await judgeWaivers(opened, trust, waivers);
        return checkPolicy(opened, trust, report?.waived ?? false);
      }),
    ],
    trust === undefined ? 'consistent-untrusted' : 'trusted',
  );
  return receipt === undefined
    ? verdict
    : {
        ...verdict,
        receipt: summarize(receipt.predicate, receipt.file.disclosures),
        ...(report && { waivers: report }),
      };
}
