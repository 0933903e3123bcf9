/**
 * What a person's vote goes through in this browser: the terms are derived anew, the ballot is signed by the passkey,
 * and only then the platform learns of it.
 */
import { base64, jcs } from '@conclave/audit-core';
import {
  agendaDigest,
  ballotBytes,
  commitmentBytes,
  commitOf,
  dataDigest,
  hasRounds,
  revealBytes,
  termsDigest,
  type Ballot,
  type PublicTerms,
  type Signature,
} from '@conclave/consensus-core';
import { consensus, type Decision, type RequestInputOf } from '@conclave/contracts';
import { client } from '../api/client.js';
import { send } from '../api/queries.js';
import { Explained } from '../api/refusal-text.js';
import { keepBallot, type KeptBallot } from './kept-ballots.js';
import { signWithPasskey, type VoterKey } from './passkeys.js';

export type Said = Partial<Pick<Ballot, 'vote' | 'ranking' | 'score' | 'choice' | 'approve'>>;

/** Who votes in what, as the page shows it. */
export interface Seat {
  readonly decision: Decision;
  readonly key: VoterKey;
}

/** Votes: commits in a sealed decision, casts in an open one; an abstention is said openly in both. */
export async function vote({ decision, key }: Seat, said: Said, reason: string): Promise<void> {
  const signer = await signerOf({ decision, key });
  const { id, secrecy } = decision;
  const ballot: Ballot = { decisionId: id, round: 1, voterId: key.voterId, reason, ...said };
  if (secrecy === 'open' || said.vote === 'abstain') {
    const signature = await signer.sign(ballotBytes(ballot, signer.terms));
    await send(consensus.castBallot, { id, ballot: onWire(ballot), signature });
    return;
  }
  const salt = base64(crypto.getRandomValues(new Uint8Array(32)));
  const promise = { round: 1, voterId: key.voterId, commit: commitOf(ballot, salt) };
  const signature = await signer.sign(commitmentBytes({ decisionId: id, ...promise }, signer.terms));
  keepBallot({ ballot, salt });
  await send(consensus.commitBallot, { id, ...promise, signature });
}

/** Opens the commitment. */
export async function reveal({ decision, key }: Seat, { ballot, salt }: KeptBallot): Promise<void> {
  const signer = await signerOf({ decision, key }, 'committed');
  const signature = await signer.sign(revealBytes({ ballot, salt }, signer.terms, signer));
  await send(consensus.revealBallot, { id: decision.id, ballot: onWire(ballot), salt, signature });
}

/** The passkey as the terms have it, once the terms are those the page shows and the voter has yet to say this. */
async function signerOf({ decision, key }: Seat, status = 'pending') {
  const [now, { terms, questionSalt }] = await Promise.all([
    client.call(consensus.getDecision, { id: decision.id }),
    client.call(consensus.getTerms, { id: decision.id }),
  ]);
  const known = terms as unknown as PublicTerms;
  requireShown(decision, known, questionSalt);
  if (now.ballots.find(({ voterId }) => voterId === key.voterId)?.status !== status)
    throw new Explained('You have said this before.', 'Load the page again to see what is on record.');
  const voter = known.electorate.find(({ voterId }) => voterId === key.voterId);
  if (!voter?.relyingParty || voter.algorithm === 'ed25519')
    throw new Explained('This voter’s key was no passkey when the decision opened.', 'Vote with the key it had then.');
  const { algorithm, relyingParty, publicKey } = voter;
  if (relyingParty.origin !== location.origin)
    throw new Explained('This key signs at another address.', `Open the console at ${relyingParty.origin}.`);
  const credentialId = publicKey === key.publicKey ? key.passkey?.credentialId : undefined;
  const passkey = { algorithm, rpId: relyingParty.rpId, credentialId };
  return {
    signedReveals: known.signedReveals,
    terms: hasRounds(known) ? agendaDigest(termsDigest(known), decision.options) : termsDigest(known),
    sign: (bytes: Uint8Array): Promise<Signature> => signWithPasskey(passkey, bytes),
  };
}

/** That what is signed is what is shown; options that voters proposed follow those of the terms. @throws Explained */
export function requireShown(shown: Decision, terms: PublicTerms, questionSalt: string): void {
  const { id, question, rule, secrecy } = shown;
  const options = hasRounds(terms) ? shown.options.slice(0, terms.options.length) : shown.options;
  const same =
    terms.decisionId === id &&
    dataDigest(questionSalt, question) === terms.question.sha256 &&
    jcs({ options, rule, secrecy }) === jcs({ options: terms.options, rule: terms.rule, secrecy: terms.secrecy });
  if (!same)
    throw new Explained(
      'What is shown is not what would be signed.',
      'Do not vote here: ask whoever runs the platform.',
    );
}

type WireBallot = RequestInputOf<typeof consensus.castBallot>['ballot'];
const onWire = (ballot: Ballot): WireBallot => ballot as WireBallot;
