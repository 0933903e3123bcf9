import type { Budget } from './history.js';

/** The most that a step’s work costs, in micros. */
export const CALL_MICROS = 7;

/** What caps begin with, and what they are raised by: some dozens of calls, so that it is soon not enough again. */
export const FIRST_CAPS: Readonly<Record<Budget['scope'], number>> = { tenant: 150, workspace: 100, run: 40 };
export const RAISES: Readonly<Record<Budget['scope'], number>> = { tenant: 400, workspace: 200, run: 40 };
