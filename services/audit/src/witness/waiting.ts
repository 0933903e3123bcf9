const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 300_000;

/** How long somebody outside is left alone after so many failures in a row, in milliseconds. */
export const waitAfter = (failures: number): number =>
  Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 20));
