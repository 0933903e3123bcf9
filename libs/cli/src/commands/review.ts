import { resolve } from 'node:path';
import { runtime } from '@conclave/contracts';
import { platformOptions, type Call, type Command } from '../command.js';
import { outcomeCodes } from '../exit-codes.js';
import { usage } from '../fault.js';
import { clientOf } from '../platform/settings.js';
import { printable } from '../printable.js';
import { changeUnderReview } from '../review/change-under-review.js';
import { conclude, type Papers } from '../review/conclusion.js';
import { NOTE_CHOICES, type NoteChoice } from '../review/log-notes.js';
import { receiptPath } from '../review/receipts.js';
import { submit, type Wishes } from '../review/submission.js';
import { gitDirOf } from '../review/work-tree.js';

export const review: Command = {
  name: 'review',
  summary: 'have a panel judge a change',
  description: [
    'Sends the commits between base and head to the platform, shows the panel at work and tells its verdict.',
    'The jury and the test command come from .conclave/panel.yaml on the branch the change is for.',
    'The receipt is kept in the repository’s git folder; check it with `conclave verify`. The head of the log it is in goes',
    'into a git note on the commit, so that whoever clones can tell when the log is cut or rewritten later.',
  ].join('\n'),
  options: {
    repo: { value: 'DIR', help: 'the repository (default: where you are)' },
    base: {
      value: 'REF',
      help: 'the branch the change is for (default: the default branch); judged since they parted',
    },
    head: { value: 'REF', help: 'the change’s last commit (default: HEAD)' },
    intent: { value: 'TEXT', help: 'what the change is for; jurors compare' },
    diff: { value: 'FILE', help: 'judge this unified diff on top of --base (default: HEAD); - reads stdin' },
    test: {
      value: 'CMD',
      help: 'test command, where the target branch names none; one run takes ten minutes at most, unless the platform says otherwise',
    },
    panel: { value: 'NAME', help: 'another installed panel' },
    sarif: { value: 'FILE', help: 'write the findings as SARIF 2.1.0' },
    receipt: { value: 'FILE', help: 'where the receipt goes (default: <git dir>/conclave/<decision>.receipt.json)' },
    notes: {
      value: 'HOW',
      help: 'the log’s head in git notes: push (default, to origin, with your credentials), keep (here only) or off',
    },
    'no-wait': { help: 'submit and leave' },
    ...platformOptions,
  },
  calls: [runtime.createReview, runtime.createUpload, runtime.streamRunEvents],
  codes: outcomeCodes,

  async run(call) {
    const { out, cwd, signal } = call;
    const path = (name: string): string | undefined => inFolder(cwd, call.text(name));
    const diff = call.text('diff');
    const wishes = wishesOf(call);
    const notes = notesOf(call);
    const client = clientOf(call);
    const change = await changeUnderReview({
      repo: path('repo') ?? cwd,
      base: call.text('base'),
      head: call.text('head'),
      diff: diff === '-' ? diff : path('diff'),
    });
    for (const notice of change.notices) out.note(`Note: ${printable(notice)}`);
    const run = await submit(client, change, wishes, { signal, say: (step) => out.transient(`  … ${step}`) });
    out.transient('');
    if (call.flag('no-wait')) {
      out.print(`Run ${run.id} is ${run.state}. Its verdict: ${out.typed('watch', run.id)}`);
      out.result(run);
      return 0;
    }
    out.note(`Run ${run.id}: ${printable(change.name)} ${change.base.slice(0, 12)}..${change.head.slice(0, 12)}`);
    const gitDir = await gitDirOf(change.repository);
    const papers = (decision: string): Papers => ({
      sarif: path('sarif'),
      receipt: path('receipt') ?? receiptPath(gitDir, decision),
      repo: call.text('repo'),
      intent: wishes.intent,
      notes:
        notes === 'off' || diff !== undefined
          ? undefined
          : { repository: change.repository, commit: change.head, choice: notes, env: call.env },
    });
    return conclude(call, client, run.id, papers);
  },
};

const inFolder = (cwd: string, path: string | undefined) => (path === undefined ? undefined : resolve(cwd, path));

function notesOf(call: Call): NoteChoice {
  const asked = call.text('notes') ?? 'push';
  const choice = NOTE_CHOICES.find((one) => one === asked);
  if (!choice) throw usage(`--notes is one of ${NOTE_CHOICES.join(', ')}`);
  return choice;
}

function wishesOf(call: Call): Wishes {
  const wishes = ['intent', 'test', 'panel'].flatMap((name) => {
    const value = call.text(name);
    if (value?.trim() === '') throw usage(`--${name} is empty`);
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(wishes) as Wishes;
}
