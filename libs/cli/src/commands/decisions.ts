import { consensus, type Decision } from '@conclave/contracts';
import { platformOptions, type Group } from '../command.js';
import * as nouns from '../nouns/work.js';
import { several, word } from '../operations/field.js';
import { listing, operation } from '../operations/operation.js';
import { clientOf } from '../platform/settings.js';
import { printable } from '../printable.js';
import { seatLine } from '../review/progress.js';
import type { Output } from '../output.js';

const DECISION = word('id', '', { name: 'DECISION', required: true });

export const decisions: Group = {
  name: 'decisions',
  summary: 'list decisions, or read one',
  commands: [
    listing(nouns.decisions, ['decisions'], {
      summary: 'list decisions, newest first',
      options: [word('phase', 'only decisions in this phase')],
    }),
    {
      name: 'show',
      operands: [{ name: 'DECISION', required: true }],
      summary: 'read a decision: its ballots, evidence and outcome',
      options: platformOptions,
      calls: [consensus.getDecision],
      async run(call) {
        const decision = await clientOf(call).call(consensus.getDecision, { id: call.operands[0]! });
        printDecision(call.out, decision);
        call.out.result(decision);
        return 0;
      },
    },
    operation(consensus.cancelDecision, {
      name: 'cancel',
      operands: [DECISION],
      options: [word('reason', 'why', { required: true, value: 'TEXT' })],
      gives: nouns.decisions,
    }),
    operation(consensus.getTally, { name: 'tally', operands: [DECISION] }),
    operation(consensus.getTerms, { name: 'terms', operands: [DECISION] }),
    operation(consensus.recordHindsight, {
      name: 'hindsight',
      operands: [DECISION],
      options: [
        word('taskClass', 'which kind of decision it was', { name: 'class', required: true }),
        several('right', 'an option that was right', { required: true, value: 'OPTION' }),
      ],
    }),
  ],
};

/** A decision for people: where it is, what was proposed, who said what. */
export function printDecision(out: Output, decision: Decision): void {
  const { id, question, phase, outcome, subject, policy, evidence, ballots, notices, receiptReady } = decision;
  const { options, rule } = decision;
  out.print(
    out.styled('bold', question),
    `Decision ${id}`,
    `Phase    ${phase}${outcome ? `, ${printable(outcome.status)} (${printable(outcome.reason)})` : ''}`,
    ...(subject
      ? [`Change   ${subject.base.slice(0, 12)}..${subject.head.slice(0, 12)} of ${printable(subject.repository)}`]
      : []),
    ...(policy ? [`Panel    ${printable(policy.panel)} (${printable(policy.source)})`] : []),
    ...(rule.method === 'approval-gate'
      ? []
      : [`Options  ${options.map((option) => `${printable(option.id)} (${printable(option.title)})`).join(', ')}`]),
    '',
    ...evidence.map(({ gate, status, reason }) => `  ${seatLine(out, { seat: gate, vote: status, reason })}`),
    ...ballots.map(
      ({ name, vote, status, reason }) =>
        `  ${seatLine(out, { seat: name, vote: vote ?? status, reason: reason ?? '' })}`,
    ),
    ...(notices.length > 0 ? ['', ...notices.map((notice) => `Note: ${printable(notice)}`)] : []),
    '',
    receiptReady ? `Receipt: ${out.typed('receipt', id)}` : 'The receipt is not ready yet.',
  );
}
