/**
 * The repository as a witness: the log's head goes into a git note on the commit that was judged, and with the notes to
 * everybody who clones. Whoever has the notes can tell when the log is cut, rewritten or forked later.
 */
import { addNoteLines, shareNotes } from '@conclave/connectors';
import { headLine, headOfReceipt } from '@conclave/verify';
import { printable } from '../printable.js';

export const LOG_NOTES = 'refs/notes/conclave';

/** What becomes of the head: pushed to `origin`, kept in this repository, or neither. */
export const NOTE_CHOICES = ['push', 'keep', 'off'] as const;
export type NoteChoice = (typeof NOTE_CHOICES)[number];

/** Where heads are kept. */
export interface LogNotes {
  readonly repository: string;
  readonly commit: string;
  readonly choice: Exclude<NoteChoice, 'off'>;
  /** The person's environment: their credentials push. */
  readonly env: NodeJS.ProcessEnv;
}

/** Keeps the head that a receipt was logged under. Never fails: a review stands without. @returns what became of it */
export async function keepHead(receipt: object, { repository, commit, choice, env }: LogNotes): Promise<string> {
  try {
    const line = headLine(headOfReceipt(JSON.stringify(receipt)));
    await addNoteLines(repository, LOG_NOTES, commit, [line]);
    const kept = `${LOG_NOTES} on ${commit.slice(0, 12)}`;
    if (choice === 'keep') return kept;
    const shared = await shareNotes(repository, LOG_NOTES, env);
    return shared === 'pushed' ? `${kept}, pushed to origin` : `${kept}, not pushed: ${printable(shared.reason)}`;
  } catch (error) {
    return `not kept: ${printable(error instanceof Error ? error.message : String(error))}`;
  }
}
