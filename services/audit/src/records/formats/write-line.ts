import { base64, fromUtf8, hex, parseStrictJson, type JsonObject } from '@conclave/audit-core';
import type { delivery } from '@conclave/contracts';
import type { FoundEntry } from '../postgres-entries.js';
import { cefLine } from './cef.js';
import { jsonLine, type Line } from './line.js';
import { ocsfLine } from './ocsf.js';
import { rfc5424Line } from './rfc5424.js';

export type EntryFormat = (typeof delivery.entryFormats)[number];

/** Formats of other systems. */
export const foreignFormats: Readonly<Record<Exclude<EntryFormat, 'jsonl'>, (line: Line) => string>> = {
  ocsf: ocsfLine,
  cef: cefLine,
  rfc5424: rfc5424Line,
};

/** What a line says of the log its entry is in. */
export interface OfLog {
  readonly origin: string;
  readonly tenantId: string;
}

/** An entry in a format, without the end of its line; `proof` is for `jsonl`, which holds the bytes themselves. */
export function writeEntry(format: EntryFormat, entry: FoundEntry, log: OfLog, proof?: readonly string[]): string {
  if (format !== 'jsonl') return foreignLine(foreignFormats[format], lineOf(entry, log));
  const { index, leafHash, at, type, actor, body, disclosed } = entry;
  return jsonLine({
    ...{ index, leafHash: hex(leafHash), at: at.toISOString(), type, actor, entry: base64(body) },
    ...(disclosed ? { disclosed: { salt: base64(disclosed.salt), data: disclosed.data } } : {}),
    ...(proof ? { proof } : {}),
  });
}

/** Escapes of escapes can make a line many times as long as its entry; one that no message holds says where to look. */
const MAX_BYTES = 200_000;

function foreignLine(write: (line: Line) => string, line: Line): string {
  const text = write(line);
  return Buffer.byteLength(JSON.stringify(text)) <= MAX_BYTES
    ? text
    : write({ ...line, data: { omitted: 'see the entry' } });
}

/** An entry as other systems' formats write it: its public data from its bytes. */
function lineOf(entry: FoundEntry, log: OfLog): Line {
  return {
    ...log,
    id: entry.eventId,
    type: entry.type,
    actor: entry.actor,
    at: entry.at,
    place: { index: entry.index, leafHash: hex(entry.leafHash) },
    ...saidBy(entry.body),
    ...(entry.disclosed ? { disclosed: entry.disclosed.data } : {}),
  };
}

/** Bytes that somebody put in place of an entry's are for the verifier to judge, and told as they are. */
function saidBy(body: Uint8Array): Pick<Line, 'data' | 'verdict'> {
  try {
    const { data, commitment, verdict } = parseStrictJson(fromUtf8(body)) as unknown as Said;
    return {
      data: commitment === undefined ? data : { ...data, commitment },
      ...(verdict ? { verdict } : {}),
    };
  } catch {
    return { data: { unreadable: base64(body) } };
  }
}

interface Said {
  readonly data: JsonObject;
  readonly commitment?: string;
  readonly verdict?: JsonObject;
}
