import { createHash } from 'node:crypto';
import { pathBytes } from '@conclave/connectors';
import type { Finding, ReviewResult } from '@conclave/contracts';

const levels = { error: 'error', warning: 'warning', info: 'note' } as const;

/** A review as SARIF 2.1.0 (OASIS), which forges and editors show beside the lines. */
export function sarifOf({ findings, outcome, decision, subject }: ReviewResult) {
  const rules = [...new Set(findings.map(ruleOf))].sort();
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'Conclave', rules: rules.map((id) => ({ id })) } },
        automationDetails: { id: `conclave/${decision}` },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { ROOT: { description: { text: 'The root of the repository.' } } },
        properties: { outcome, decision, base: subject.base, head: subject.head },
        results: findings.map((finding) => ({
          ruleId: ruleOf(finding),
          ruleIndex: rules.indexOf(ruleOf(finding)),
          level: levels[finding.severity],
          message: { text: finding.message },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: uriOf(finding.path), uriBaseId: 'ROOT' },
                region: { startLine: finding.line },
              },
            },
          ],
          partialFingerprints: { 'conclave/v1': fingerprint(finding) },
        })),
      },
    ],
  };
}

const ruleOf = ({ juror, rule }: Finding): string => `${juror}/${rule}`;

/** The same finding in another version of the file: its line is not part of it. */
const fingerprint = ({ juror, rule, path, message }: Finding): string =>
  createHash('sha256')
    .update(JSON.stringify([juror, rule, path, message]))
    .digest('hex')
    .slice(0, 32);

/** A relative reference (RFC 3986) to the path's bytes. */
function uriOf(path: string): string {
  const spelled = [...pathBytes(path)].map((byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9\-._~/]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  });
  return spelled.join('');
}
