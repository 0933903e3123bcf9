import { consensus, type Decision } from '@conclave/contracts';
import { platformOptions, type Command } from '../command.js';
import { plainCodes } from '../exit-codes.js';
import { clientOf } from '../platform/settings.js';
import { printable } from '../printable.js';
import { seatLine } from '../review/progress.js';
import type { Output } from '../output.js';

export const decisions: Command = {
  name: 'decisions',
  operands: [{ name: 'DECISION', required: false }],
  summary: 'list decisions, or read one',
  description: 'Without a decision: the newest ones. With one: its ballots, evidence and outcome.',
  options: {
    limit: { value: 'N', help: 'how many to list (default: 20)' },
    after: { value: 'CURSOR', help: 'go on behind a list’s `next`' },
    ...platformOptions,
  },
  codes: plainCodes,

  async run(call) {
    const { out, operands } = call;
    const client = clientOf(call);
    if (operands[0] !== undefined) {
      const decision = await client.call(consensus.getDecision, { id: operands[0] });
      printDecision(out, decision);
      out.result(decision);
      return 0;
    }
    const after = call.text('after');
    const page = await client.call(consensus.listDecisions, {
      limit: call.text('limit') ?? 20,
      ...(after === undefined ? {} : { after }),
    });
    out.print(
      ...(page.items.length > 0 ? page.items : []).map(
        ({ id, openedAt, phase, outcome, question }) =>
          `${id}  ${openedAt.slice(0, 16)}  ${(outcome?.status ?? phase).padEnd(10)} ${printable(question)}`,
      ),
      ...(page.items.length === 0 ? [`No decisions yet: ${out.typed('review')}`] : []),
      ...(page.next === undefined ? [] : ['', `More: ${out.typed('decisions', '--after', page.next)}`]),
    );
    out.result(page);
    return 0;
  },
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
