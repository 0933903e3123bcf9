/** Syslog messages (RFC 5424), one a line: facility 13 (log audit), severity 6 (informational). */
import { detailOf, jsonLine, oneLine, type Line } from './line.js';

const PRIORITY = 13 * 8 + 6;
/** Number 32473 is for examples (RFC 5612): Conclave has none of its own. */
const SD_ID = 'conclave@32473';
const BOM = '\u{feff}';

/** A header field: printable US-ASCII without spaces, or `-` for nothing (6.2). */
const field = (text: string, max: number): string => text.replaceAll(/[^\x21-\x7e]/g, '_').slice(0, max) || '-';
/** A parameter's value (6.3.3). */
const inValue = (text: string): string => oneLine(text).replaceAll(/["\\\]]/g, '\\$&');

export function rfc5424Line(line: Line): string {
  const { type, actor, id, at, origin, tenantId, place } = line;
  const params = Object.entries({ ...place, type, event: id, actor, tenant: tenantId, origin });
  const data = params.map(([name, value]) => ` ${name}="${inValue(String(value))}"`).join('');
  const head = [
    `<${PRIORITY}>1`,
    at.toISOString(),
    field(origin.split('/')[0]!, 255),
    'conclave',
    '-',
    field(type, 32),
  ];
  return `${head.join(' ')} [${SD_ID}${data}] ${BOM}${jsonLine(detailOf(line))}`;
}
