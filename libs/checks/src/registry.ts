import { agentConfig } from './agent-config/agent-config.js';
import { bidi } from './bidi/bidi.js';
import type { Change, FileChange, LimitHit } from './change.js';
import { ballotOf, canonicalFindings, type Check, type CheckResult, type Finding, presentable } from './check.js';
import { coChange } from './co-change/co-change.js';
import { complexity } from './complexity/complexity.js';
import { scope } from './scope/scope.js';
import { secrets } from './secrets/secrets.js';
import { isProgramming, languageOf } from './source/language.js';
import { supplyChain } from './supply-chain/supply-chain.js';
import { suppressions } from './suppressions/suppressions.js';
import { testsWeakened } from './tests-weakened/tests-weakened.js';
import { hex, jcs, sha256, utf8 } from '@conclave/audit-core';

/** The default jurors, in the order in which people read them. */
export const CHECKS: readonly Check[] = [
  testsWeakened,
  suppressions,
  secrets,
  bidi,
  supplyChain,
  agentConfig,
  coChange,
  scope,
  complexity,
].map(whole);

/** A check by its id; nothing when this build does not have it. */
export const checkById = (id: string): Check | undefined => CHECKS.find((check) => check.id === id);

/** SHA-256 of the RFC 8785 form of the findings in canonical order, in hexadecimal. */
export function findingsSha256(findings: readonly Finding[]): string {
  const plain = canonicalFindings(findings).map(({ path, line, rule, severity, message }) => ({
    path,
    line,
    rule,
    severity,
    message,
  }));
  return hex(sha256(utf8(jcs(plain))));
}

/** A check that may say no of what it saw, but not yes to a change of which it saw only a part. */
function whole(check: Check): Check {
  const run = (change: Change): CheckResult => {
    const result = check.run(change);
    if (ballotOf(result).vote === 'no') return result;
    const cut = change.limits.find(
      ({ limit }) => limit in partial && (limit !== 'context-bytes' || check.readsContext),
    );
    if (cut) return { applies: false, reason: `only ${cut.max} of the ${cut.seen} ${partial[cut.limit]} were read` };
    const file = change.files.find((one) => isUnread(one) && check.reads(one));
    return file ? { applies: false, reason: `the text of ${presentable(file.path)} was not read` } : result;
  };
  return { ...check, run };
}

/** The limits beyond which anything at all may have been left out. */
const partial: Partial<Record<LimitHit['limit'], string>> = {
  files: 'changed files',
  'total-bytes': 'changed bytes',
  'context-bytes': 'bytes of manifests, lockfiles and pipelines',
};

/** There is text in it that nobody saw; many languages run a source file whatever a NUL in its comments makes of it. */
const isUnread = ({ path, binary, tooLarge }: FileChange): boolean =>
  binary ? isProgramming(languageOf(path)) : tooLarge === true;
