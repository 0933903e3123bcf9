/**
 * Whether a receipt's change was judged as one for this repository's branch.
 *
 * Base and jury come from whoever asked for the review, so a genuine receipt may tell of a jury the author committed a
 * moment before, or of a base that hides half of the change. The reader's own copy of the branch decides: both commits
 * must be on it. Before a merge, when the commit at hand is not on the branch yet, the base must also be where that
 * commit leaves the branch, and the jury the one the branch has now.
 */
import { JURY_FILE, parseJurySource } from '@conclave/checks';
import { mergeBase, readFileAt, resolveCommit, treeOf, tryGit } from '@conclave/connectors';
import type { ReceiptSummary } from '@conclave/verify';
import type { Branch, NoBranch } from './branch.js';

type Subject = NonNullable<ReceiptSummary['subject']>;
type OfChange = ReceiptSummary & { readonly subject: Subject };

export const isOfChange = (receipt: ReceiptSummary): receipt is OfChange => receipt.subject !== undefined;

/** Anybody may open a decision about a change and choose who votes; only a panel makes it a review. */
export function unmetPanel({ policy }: OfChange): string[] {
  return policy ? [] : ['the decision names no panel: whoever opened it chose its voters'];
}

/** What keeps the receipt from speaking of the commit, whose tree survives a squash. */
export async function unmetTree(folder: string, commit: string, receipt: ReceiptSummary): Promise<string[]> {
  const tree = await treeOf(folder, commit);
  return receipt.subject?.tree === tree ? [] : [`${commit} holds tree ${tree.slice(0, 12)}, which was not judged`];
}

/** What keeps the change from being one for the branch; without `commit`, only that its base and jury are on it. */
export async function unmetBranch(
  folder: string,
  branch: Branch | NoBranch,
  { subject, policy }: OfChange,
  commit: string | undefined,
): Promise<string[]> {
  if (!('tip' in branch)) return [branch.reason];
  const { name, tip } = branch;
  const source = parseJurySource(policy?.source ?? '');
  if (!source || source.by === 'request')
    return [`the panel was not named by ${name}, but by: ${policy?.source ?? 'nobody'}`];
  const jury = source.commit;
  const absent = async (what: string, id: string): Promise<string[]> =>
    (await isOn(folder, tip, id)) ? [] : [`${what} ${id.slice(0, 12)} is not on ${name}${await shallowHint(folder)}`];
  const elsewhere = [
    ...(await absent('the base', subject.base)),
    ...(await absent('the commit whose jury judged,', jury)),
  ];
  if (elsewhere.length > 0 || commit === undefined) return elsewhere;
  const head = await resolveCommit(folder, commit);
  if (await isOn(folder, tip, head)) return [];
  const start = await mergeBase(folder, tip, head);
  const [judging, current] = await Promise.all([jury, tip].map((at) => readFileAt(folder, at, JURY_FILE)));
  return [
    ...(start === subject.base
      ? []
      : [
          `${commit} leaves ${name} at ${start?.slice(0, 12) ?? 'no commit'}, but was judged from ${subject.base.slice(0, 12)}`,
        ]),
    ...(judging?.toString('latin1') === current?.toString('latin1')
      ? []
      : [`the jury of ${name} is another one by now: have the change judged again`]),
  ];
}

/** Whether the branch holds the commit; not when this repository lacks it. */
async function isOn(folder: string, tip: string, commit: string): Promise<boolean> {
  return (await tryGit(folder, ['merge-base', '--is-ancestor', commit, tip])).status === 0;
}

async function shallowHint(folder: string): Promise<string> {
  const { stdout } = await tryGit(folder, ['rev-parse', '--is-shallow-repository']);
  return stdout.toString('utf8').trim() === 'true' ? ', as far as this shallow clone reaches: fetch its history' : '';
}
