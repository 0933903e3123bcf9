/** ArcSight Common Event Format, version 0. */
import { detailOf, jsonLine, oneLine, type Line } from './line.js';

const SEVERITY = 3;

/** In the header a pipe ends a field. */
const inHeader = (text: string): string => oneLine(text).replaceAll(/[\\|]/g, '\\$&');
/** In the extension an equals sign ends a key. */
const inValue = (text: string): string => oneLine(text).replaceAll(/[\\=]/g, '\\$&');

export function cefLine(line: Line): string {
  const { type, actor, id, at, origin, tenantId, place } = line;
  const [number, hash] = 'index' in place ? (['index', 'leafHash'] as const) : (['size', 'root'] as const);
  const values = place as Readonly<Record<string, number | string>>;
  const extension: readonly (readonly [string, string])[] = [
    ['rt', String(at.getTime())],
    ['externalId', id],
    ['suid', actor],
    ['cn1Label', number],
    ['cn1', String(values[number])],
    ['cs1Label', hash],
    ['cs1', String(values[hash])],
    ['cs2Label', 'origin'],
    ['cs2', origin],
    ['cs3Label', 'tenant'],
    ['cs3', tenantId],
    ['msg', jsonLine(detailOf(line))],
  ];
  const header = ['CEF:0', 'Conclave', 'Conclave', '1', inHeader(type), inHeader(type), String(SEVERITY)];
  return `${header.join('|')}|${extension.map(([key, value]) => `${key}=${inValue(value)}`).join(' ')}`;
}
