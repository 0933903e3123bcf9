import { platformOptions, type Call, type Command } from '../command.js';
import { eraseSubject, holds, placeHold, releaseHold } from '../audit/forgetting.js';
import { exportLog } from '../audit/export-log.js';
import { filterOptions } from '../audit/filter.js';
import { listEntries, proveEntry } from '../audit/entries.js';
import { listTimestamps } from '../audit/timestamps.js';
import { verifyLog } from '../audit/verify-log.js';
import type { ExitCode } from '../exit-codes.js';
import { verdictCodes } from '../exit-codes.js';
import { usage } from '../fault.js';

const HELP = 'See: conclave audit --help';

export const audit: Command = {
  name: 'audit',
  operands: [
    { name: 'ACTION', required: false },
    { name: 'OPERAND', required: false },
  ],
  summary: 'find, export, verify and erase entries of the audit log',
  description: [
    'list (unless told): entries, newest first.  proof INDEX: the proof that an entry is in the log.',
    'export: the entries as a file.  verify FILE: checks an export in jsonl, offline; with --since also that the log is what',
    'it was when that checkpoint was kept.  erase SUBJECT: deletes what is disclosed about an id, and waits for the proof.',
    'timestamps: heads of the log that a timestamp authority stamped; with --out each as NAME.checkpoint and NAME.tsr.',
    'hold: legal holds in force; with --reason places one, hold HOLD --release ends one.',
  ].join('\n'),
  options: {
    ...filterOptions,
    limit: { value: 'N', help: 'list, timestamps: how many (default: 20)' },
    after: { value: 'CURSOR', help: 'list, timestamps: go on behind a list’s `next`' },
    format: { value: 'FORMAT', help: 'export: jsonl (default), ocsf, cef or rfc5424' },
    from: { value: 'INDEX', help: 'export: the first entry' },
    to: { value: 'INDEX', help: 'export: behind the last entry' },
    subject: { value: 'ID', help: 'export: all that is known of this id; hold: whose data it protects' },
    out: { value: 'FILE', help: 'export, proof: where to store it; timestamps: the folder for them' },
    trust: { value: 'FILE', help: 'verify: the trust root' },
    vkey: { value: 'KEY', help: 'verify: the log’s verifier key, instead of a trust root' },
    since: { value: 'FILE', help: 'verify: a checkpoint kept from before, or a receipt' },
    reason: { value: 'TEXT', help: 'erase, hold: why' },
    release: { help: 'hold: release it' },
    ...platformOptions,
  },
  codes: verdictCodes,

  async run(call) {
    const [action = 'list', operand] = call.operands;
    const found = Object.hasOwn(actions, action) ? actions[action] : undefined;
    if (!found) throw usage(`there is no action ${JSON.stringify(action)}`, HELP);
    if (found.operand !== undefined && operand === undefined) throw usage(`${found.operand} is missing`, HELP);
    return found.run(call, operand ?? '');
  },
};

interface Action {
  /** What it cannot do without. */
  readonly operand?: string;
  run(call: Call, operand: string): Promise<ExitCode>;
}

const actions: Readonly<Record<string, Action>> = {
  list: { run: listEntries },
  timestamps: { run: listTimestamps },
  proof: { operand: 'INDEX', run: proveEntry },
  export: { run: exportLog },
  verify: { operand: 'FILE', run: verifyLog },
  erase: { operand: 'SUBJECT', run: eraseSubject },
  hold: {
    run: (call, hold) =>
      call.flag('release')
        ? releaseHold(call, hold)
        : call.text('reason') === undefined
          ? holds(call)
          : placeHold(call),
  },
};
