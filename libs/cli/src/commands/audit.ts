import { audit as log, records } from '@conclave/contracts';
import { eraseSubject } from '../audit/forgetting.js';
import { exportLog } from '../audit/export-log.js';
import { filterFields, filterOptions } from '../audit/filter.js';
import { proveEntry } from '../audit/entries.js';
import { listTimestamps } from '../audit/timestamps.js';
import { verifyLog } from '../audit/verify-log.js';
import { platformOptions, type Command, type Group } from '../command.js';
import { verdictCodes } from '../exit-codes.js';
import { entries, erasures, holds } from '../nouns/work.js';
import { number, word } from '../operations/field.js';
import { pagingOptions } from '../operations/listing.js';
import { listing, operation } from '../operations/operation.js';

const proof: Command = {
  name: 'proof',
  operands: [{ name: 'INDEX', required: true }],
  summary: 'the proof that an entry is in the log',
  options: { out: { value: 'FILE', help: 'where to store it' }, ...platformOptions },
  calls: [log.getInclusionProof],
  run: proveEntry,
};

const exported: Command = {
  name: 'export',
  summary: 'store entries as a file',
  options: {
    ...filterOptions,
    format: {
      value: 'FORMAT',
      values: ['jsonl', 'ocsf', 'cef', 'rfc5424'],
      help: 'jsonl (default), ocsf, cef or rfc5424',
    },
    from: { value: 'INDEX', help: 'the first entry' },
    to: { value: 'INDEX', help: 'behind the last entry' },
    subject: { value: 'ID', help: 'all that is known of this id' },
    out: { value: 'FILE', help: 'where to store it' },
    ...platformOptions,
  },
  calls: [records.createExport, records.getExportContent],
  run: exportLog,
};

const verify: Command = {
  name: 'verify',
  operands: [{ name: 'FILE', required: true }],
  summary: 'check an export in jsonl, offline',
  description: 'With --since also that the log is what it was when that checkpoint was kept.',
  options: {
    trust: { value: 'FILE', help: 'the trust root' },
    vkey: { value: 'KEY', help: 'the log’s verifier key, instead of a trust root' },
    since: { value: 'FILE', help: 'a checkpoint kept from before, or a receipt' },
  },
  codes: verdictCodes,
  run: verifyLog,
};

const erase: Command = {
  name: 'erase',
  operands: [{ name: 'SUBJECT', required: true }],
  summary: 'delete what is disclosed about an id, and wait for the proof',
  options: {
    reason: { value: 'TEXT', help: 'why' },
    yes: { help: 'do not ask whether that is meant' },
    ...platformOptions,
  },
  calls: [records.eraseSubject, records.getErasure],
  run: eraseSubject,
};

const timestamps: Command = {
  name: 'timestamps',
  summary: 'list heads of the log that a timestamp authority stamped',
  options: {
    out: { value: 'DIR', help: 'store each there, as NAME.checkpoint and NAME.tsr' },
    ...pagingOptions,
    ...platformOptions,
  },
  calls: [log.listTimestamps],
  run: listTimestamps,
};

const holdsGroup: Group = {
  name: 'holds',
  summary: 'legal holds: while one is in force, nothing it covers is deleted',
  commands: [
    listing(holds, ['audit', 'holds']),
    operation(records.placeHold, {
      name: 'place',
      options: [
        word('reason', 'why', { value: 'TEXT', required: true }),
        word('subject', 'whose data it protects (default: everything)', { value: 'ID' }),
      ],
      gives: holds,
    }),
    operation(records.releaseHold, {
      name: 'release',
      operands: [word('id', '', { name: 'HOLD', required: true })],
      gives: holds,
    }),
  ],
};

const retentionGroup: Group = {
  name: 'retention',
  summary: 'how long entries are kept',
  commands: [
    operation(records.getRetention, { name: 'show' }),
    operation(records.setRetention, {
      name: 'set',
      operands: [number('days', '', { name: 'DAYS', required: true })],
      final: 'What is older is pruned at once, and does not come back.',
    }),
    operation(records.setRetention, {
      name: 'unset',
      summary: 'keep entries for ever from now on',
      always: { days: null },
    }),
  ],
};

export const audit: Group = {
  name: 'audit',
  summary: 'find, export, verify and erase entries of the audit log',
  commands: [
    listing(entries, ['audit'], { summary: 'list entries, newest first', options: filterFields }),
    proof,
    exported,
    verify,
    erase,
    listing(erasures, ['audit'], { name: 'erasures', summary: 'list erasures, newest first' }),
    timestamps,
    operation(log.getLog, { name: 'log' }),
    operation(log.sealLog, {
      name: 'seal',
      operands: [word('origin', '', { name: 'ORIGIN', required: true })],
      options: [word('reason', 'why', { value: 'TEXT', required: true })],
      final: 'The log is given up, and another one opened.',
    }),
    operation(records.getSelfAudit, { name: 'self-audit' }),
    holdsGroup,
    retentionGroup,
  ],
};
