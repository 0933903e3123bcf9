/** Milliseconds of the machine's clock, as all processes of the suite write it down. */
export const now = (): number => performance.timeOrigin + performance.now();
