/** Vectors of sealed decisions whose voters sign the salts of their reveals, and of those who tamper with one. */
import { base64 } from '@conclave/audit-core';
import { ballotBytes, revealBytes, termsDigest, type Ballot, type Predicate } from '@conclave/consensus-core';
import { breach, FORGED, type Bench } from './breach.js';
import { changed, conspired, signedAs, type Run } from './course.js';
import { abstains, ranks, three, whole } from './stories.js';
import type { Vector } from './workshop.js';

export async function reveals(bench: Bench): Promise<Vector[]> {
  const { workshop } = bench;
  const kept = await revealed(bench, true);
  const unsigned = await revealed(bench, false);
  const open = await workshop.course({ signedReveals: true }, three);
  await open.cast('ada', ranks('a'));
  const broken = await workshop.course({ secrecy: 'sealed', signedReveals: true }, three);
  await broken.commit('ada', ranks('a'));
  await broken.commit('bob', ranks('b'));
  await broken.closeCommits();
  await broken.reveal('ada', ranks('c'));
  await broken.reveal('bob', ranks('b'));
  const bad = (name: string, what: string, predicate: Predicate): Promise<Vector> =>
    breach(bench, [`reveal-${name}`, what], predicate, FORGED);
  const other = base64(new Uint8Array(32));
  return [
    await whole(workshop, 'reveals', 'voters signed the salts of their reveals', kept),
    await whole(workshop, 'reveals-off', 'the terms say that salts are not signed', unsigned),
    await whole(workshop, 'reveals-open', 'nothing is revealed in an open decision', await open.end()),
    await whole(workshop, 'reveals-broken', 'a promise broken by a salt its voter signed', await broken.end()),
    await bad(
      'salt',
      'a salt its voter did not sign, and the voter void for it',
      changed(kept, (draft) => {
        const record = draft.ballots.find(({ statements }) => statements.length === 2)!;
        record.statements[1]!.salt = other;
        record.status = 'void';
      }),
    ),
    await bad('ballot', 'the ballot signed without its salt', await signedBy(kept, ballotBytes)),
    await bad(
      'unasked',
      'the salt signed, though the terms say that salts are not',
      await signedBy(unsigned, (ballot, terms, salt) => revealBytes({ ballot, salt }, terms, { signedReveals: true })),
    ),
    await breach(
      bench,
      ['reveal-void', 'another salt, signed by its voter, who is counted all the same'],
      await conspired(
        kept,
        (draft) => (draft.ballots.find(({ statements }) => statements.length === 2)!.statements[1]!.salt = other),
      ),
    ),
  ];
}

/** Ada and Bob commit and reveal; Cyd abstains in the open, so signs no salt. */
async function revealed({ workshop }: Bench, signedReveals: boolean): Promise<Run> {
  const told = await workshop.course({ secrecy: 'sealed', signedReveals }, three);
  await told.cast('cyd', abstains, 'Not my field.');
  for (const [name, first] of [
    ['ada', 'a'],
    ['bob', 'b'],
  ] as const)
    await told.commit(name, ranks(first));
  await told.closeCommits();
  for (const [name, first] of [
    ['ada', 'a'],
    ['bob', 'b'],
  ] as const)
    await told.reveal(name, ranks(first));
  return told.end();
}

/** The run, with the reveal of the first voter who made one signed over other bytes. */
async function signedBy(
  run: Run,
  bytesOf: (ballot: Ballot, terms: string, salt: string) => Uint8Array,
): Promise<Predicate> {
  const { ballots } = run.predicate;
  const at = ballots.findIndex(({ statements }) => statements.length === 2);
  const { voterId, statements } = ballots[at]!;
  const { ballot, salt } = statements[1]!;
  const signature = await signedAs(run.keys, voterId, bytesOf(ballot!, termsDigest(run.predicate), salt!));
  return changed(run, (draft) => (draft.ballots[at]!.statements[1]!.signature = signature as never));
}
