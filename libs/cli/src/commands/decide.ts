import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  ballotBytes,
  revealBytes,
  commitmentBytes,
  commitOf,
  contributionBytes,
  dataDigest,
  vetoBytes,
  type DiscussionPhase,
} from '@conclave/consensus-core';
import { consensus, type Contract, type Decision, type RequestInputOf } from '@conclave/contracts';
import type { Client } from '@conclave/sdk';
import { platformOptions, type Call, type Command, type Group, type Options } from '../command.js';
import { usage } from '../fault.js';
import { parsed, textOf } from '../operations/field.js';
import { clientOf } from '../platform/settings.js';
import { createKeyFile, readKeyFile, type LocalVoter } from '../voting/key-file.js';
import { saidIn, saidOptions } from '../voting/said.js';
import { printDecision } from './decisions.js';

/** What a verb has at hand. */
interface Hand {
  readonly call: Call;
  readonly client: Client;
  readonly decision: Decision;
  readonly voter: LocalVoter;
}

const keyOption = { key: { value: 'FILE', help: 'your key file' } } as const;
const DECISION = [{ name: 'DECISION', required: true }] as const;
const optionOptions = {
  option: { value: 'OPTION', help: 'the id of the option' },
  title: { value: 'TEXT', help: 'its title' },
} as const;
const textOption = {
  text: { value: 'TEXT', help: 'why, or what is wrong; can be removed from the receipt later' },
} as const;
const reasonOption = { reason: { value: 'TEXT', help: 'why you vote so; is in the receipt' } } as const;

/** Something that a voter does to a decision. */
function deed(
  name: string,
  summary: string,
  options: Options,
  act: (hand: Hand) => Promise<Decision>,
  calls: readonly Contract[],
): Command {
  return {
    ...{ name, summary, operands: DECISION, options: { ...keyOption, ...options, ...platformOptions }, calls },
    async run(call) {
      const decision = await taken(call, clientOf(call), call.operands[0]!, act);
      printDecision(call.out, decision);
      call.out.result(decision);
      return 0;
    },
  };
}

const open: Command = {
  name: 'open',
  operands: [{ name: 'FILE', required: true }],
  summary: 'open a decision under the terms in a file',
  description: 'FILE holds the terms in JSON or YAML, as POST /v1/decisions takes them.',
  options: platformOptions,
  calls: [consensus.openDecision],
  async run(call) {
    const decision = await clientOf(call).call(consensus.openDecision, await termsIn(call, call.operands[0]!));
    printDecision(call.out, decision);
    call.out.result(decision);
    return 0;
  },
};

async function taken(
  call: Call,
  client: Client,
  id: string,
  act: (hand: Hand) => Promise<Decision>,
): Promise<Decision> {
  const path = call.text('key');
  if (path === undefined && act !== show) throw usage('--key is missing', 'Make one: conclave decide enrol --key FILE');
  const decision = await client.call(consensus.getDecision, { id });
  if (path === undefined) return decision;
  return act({ call, client, decision, voter: readKeyFile(resolve(call.cwd, path)) });
}

const show = ({ client, decision: { id }, voter }: Hand): Promise<Decision> =>
  client.call(consensus.getDecision, { id, voter: voter.voterId });

const abstain = (hand: Hand): Promise<Decision> => {
  const { ballot, digest } = unsigned(hand, { vote: 'abstain' });
  const { voterId, reason } = ballot;
  const signature = hand.voter.sign(ballotBytes(ballot, digest));
  return hand.client.call(consensus.abstain, { id: ballot.decisionId, voterId, reason, signature });
};

const veto = ({ call, client, decision: { id, termsSha256 }, voter }: Hand): Promise<Decision> => {
  const said = { voterId: voter.voterId, reason: call.text('reason') ?? '' };
  const signature = voter.sign(vetoBytes({ decisionId: id, ...said }, termsSha256));
  return client.call(consensus.castVeto, { id, ...said, signature });
};

function contributionOf({ call, decision: { id, termsSha256 }, voter }: Hand, phase: DiscussionPhase) {
  const [optionId, title, text] = [call.text('option'), call.text('title'), call.text('text')];
  if (optionId !== undefined && title === undefined) throw usage('--title is missing');
  const option = optionId === undefined || title === undefined ? {} : { option: { id: optionId, title } };
  const salt = voter.saltFor(`${id}/${phase}`);
  const { voterId } = voter;
  const digest = text === undefined ? {} : { textSha256: dataDigest(salt, text) };
  const signed = contributionBytes({ decisionId: id, voterId, phase, ...option, ...digest }, termsSha256);
  return { id, voterId, ...option, ...(text !== undefined && { text, salt }), signature: voter.sign(signed) };
}

/** In a sealed decision the same words first commit and later reveal: the salt follows from the key. */
async function vote(hand: Hand): Promise<Decision> {
  const { call, client, decision, voter } = hand;
  const { ballot, digest } = unsigned(hand, saidIn(call));
  const { id, secrecy, phase } = decision;
  if (secrecy === 'open')
    return client.call(consensus.castBallot, { id, ballot, signature: voter.sign(ballotBytes(ballot, digest)) });
  const salt = voter.saltFor(`${id}/ballot`);
  if (phase !== 'commit') {
    const signature = voter.sign(revealBytes({ ballot, salt }, digest, decision));
    return client.call(consensus.revealBallot, { id, ballot, salt, signature });
  }
  const commitment = { voterId: voter.voterId, round: 1, commit: commitOf(ballot, salt) };
  const signed = voter.sign(commitmentBytes({ decisionId: id, ...commitment }, digest));
  return client.call(consensus.commitBallot, { id, ...commitment, signature: signed });
}

function unsigned({ call, decision, voter }: Hand, said: ReturnType<typeof saidIn> | { readonly vote: 'abstain' }) {
  const { id, termsSha256, agendaSha256 } = decision;
  const digest = agendaSha256 ?? termsSha256;
  const ballot = { decisionId: id, round: 1, voterId: voter.voterId, ...said, reason: call.text('reason') ?? '' };
  return { ballot, digest };
}

async function enrolKey(call: Call): Promise<0> {
  const key = call.text('key');
  if (key === undefined) throw usage('--key is missing');
  const client = clientOf(call);
  const path = resolve(call.cwd, key);
  const { voterId, publicKey, sign } = existsSync(path) ? readKeyFile(path) : createKeyFile(path);
  const { challenge } = await client.call(consensus.challengeVoterKey, {});
  const { value } = sign(Buffer.from(`conclave/voter-key/v1\n${challenge}\n${publicKey}`));
  const proven = { voterId, publicKey, algorithm: 'ed25519' as const, possession: { challenge, value } };
  const request = { ...proven, name: call.text('name') ?? 'command line' };
  // A challenge is good for one enrolment: sent again with it, it is the same.
  const enrolled = await client.call(consensus.enrolVoterKey, request, { idempotencyKey: challenge });
  call.out.print(`Enrolled ${voterId}; its private key is in ${key} and nowhere else.`);
  call.out.result(enrolled);
  return 0;
}

/** The platform holds the terms to its contract; here they only have to be a document. */
async function termsIn(call: Call, file: string): Promise<RequestInputOf<typeof consensus.openDecision>> {
  return parsed(file, await textOf(call, file)) as RequestInputOf<typeof consensus.openDecision>;
}

export const decide: Group = {
  name: 'decide',
  summary: 'open a decision, and take part in it with a key of your own',
  commands: [
    {
      name: 'enrol',
      summary: 'enrol a voter key of this machine',
      description: 'Makes the key file if it is not there, and enrols its public key; the private one stays here.',
      options: {
        ...keyOption,
        name: { value: 'NAME', help: 'what the key is called' },
        ...platformOptions,
      },
      calls: [consensus.enrolVoterKey],
      run: enrolKey,
    },
    open,
    deed('show', 'read a decision; with --key, its options in the order that is meant for that voter', {}, show, [
      consensus.getDecision,
    ]),
    deed(
      'propose',
      'propose an option; without --option and --title, say that you have none',
      { ...optionOptions, ...textOption },
      (hand) => hand.client.call(consensus.proposeOption, contributionOf(hand, 'propose')),
      [consensus.proposeOption],
    ),
    deed(
      'critique',
      'say what is wrong with the proposals; without --text, that you have nothing to say',
      textOption,
      (hand) => hand.client.call(consensus.makeCritique, contributionOf(hand, 'critique')),
      [consensus.makeCritique],
    ),
    deed(
      'revise',
      'revise your own proposal; without --option, say that it stays as it is',
      { ...optionOptions, ...textOption },
      (hand) => hand.client.call(consensus.reviseProposal, contributionOf(hand, 'revise')),
      [consensus.reviseProposal],
    ),
    deed(
      'vote',
      'cast a ballot; in a sealed decision commit to it, and reveal it when you say the same again later',
      { ...saidOptions, ...reasonOption },
      vote,
      [consensus.castBallot, consensus.commitBallot, consensus.revealBallot],
    ),
    deed('abstain', 'take part without a choice', reasonOption, abstain, [consensus.abstain]),
    deed('veto', 'end the decision, where your role may', reasonOption, veto, [consensus.castVeto]),
  ],
};
