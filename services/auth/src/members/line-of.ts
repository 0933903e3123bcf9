import { controlsOfText, isName } from '@conclave/contracts';

const controls = new RegExp(controlsOfText, 'gu');

/** A name that others gave, as names are here: one line of at most 120; empty when there is nothing to see. */
export function lineOf(name: string): string {
  const line = name.replaceAll(controls, ' ').trim().slice(0, 120).toWellFormed();
  return isName(line) ? line : '';
}
