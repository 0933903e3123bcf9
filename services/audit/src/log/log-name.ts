/**
 * A tenant's logs: one at a time. When a log must not go on, it is sealed and the next one is opened, with an origin of
 * its own. All of a tenant's logs share one numbering of rows, so that a place never means two entries.
 */
import type { NodeId } from '@conclave/audit-core';

export interface LogName {
  readonly tenantId: string;
  /** 1 for the first. */
  readonly number: number;
}

/** More entries than any log will have; a power of two, so that every node has a row. */
const PLACES = 2 ** 40;

/** The row number of a log's first entry. */
export const firstRowOf = ({ number }: LogName): number => (number - 1) * PLACES;

/** The log that a row belongs to. */
export const logOfRow = (tenantId: string, row: number): LogName => ({
  tenantId,
  number: Math.floor(row / PLACES) + 1,
});

/** Where a node of a log is stored. */
export const rowOfNode = (log: LogName, { level, index }: NodeId): number => firstRowOf(log) / 2 ** level + index;

/** What an origin is below its host, and where a store keeps the log. */
export const pathOf = ({ tenantId, number }: LogName): string =>
  number === 1 ? `log/${tenantId}` : `log/${tenantId}/${number}`;
