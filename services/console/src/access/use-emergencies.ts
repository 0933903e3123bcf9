import { breakGlass, type ReplyOf } from '@conclave/contracts';
import { usePages } from '../api/queries.js';

export type Emergency = ReplyOf<typeof breakGlass.openBreakGlass>;

/** How often everybody looks whether somebody took more than their role. */
const LOOK_MS = 20_000;

export const isOn = ({ endedAt, endsAt }: Emergency): boolean =>
  endedAt === undefined && Date.parse(endsAt) > Date.now();

/** Emergency accesses of the workspace, newest first. */
export const useEmergencies = () => usePages(breakGlass.listBreakGlass, {}, { liveMs: LOOK_MS });
