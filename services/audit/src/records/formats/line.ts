import type { JsonObject } from '@conclave/audit-core';

/** An entry of a log, or the checkpoint an export ends with, as other systems' formats write it. */
export interface Line {
  /** The log's origin; its first part is the host. */
  readonly origin: string;
  readonly tenantId: string;
  readonly id: string;
  readonly type: string;
  readonly actor: string;
  readonly at: Date;
  /** Where it stands, so that copies can be reconciled with the log: index and leaf hash, or a checkpoint's size and root. */
  readonly place:
    { readonly index: number; readonly leafHash: string } | { readonly size: number; readonly root: string };
  readonly data: JsonObject;
  readonly disclosed?: JsonObject;
  readonly verdict?: JsonObject;
}

/** Ends lines, or means something to terminals and parsers that a text of ours never means. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** The text on one line. */
export const oneLine = (text: string): string => text.replaceAll(CONTROL, ' ').toWellFormed();

/** JSON on one line, for readers that know more line ends than JSON does. */
export const jsonLine = (value: unknown): string =>
  JSON.stringify(value).replaceAll(CONTROL, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** What a line says beyond its header. */
export const detailOf = ({ data, disclosed, verdict }: Line): object => ({
  data,
  ...(disclosed ? { disclosed } : {}),
  ...(verdict ? { verdict } : {}),
});
