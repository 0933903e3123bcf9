/**
 * The checkpoint this browser saw last, per log. A log that shows each reader another history, or rewrites the past,
 * has to answer for what it showed here before.
 */
const keyOf = (origin: string): string => `conclave.checkpoint.${origin}`;

export const remembered = (origin: string): string | undefined => localStorage.getItem(keyOf(origin)) ?? undefined;

export const remember = (origin: string, checkpoint: string): void => localStorage.setItem(keyOf(origin), checkpoint);
