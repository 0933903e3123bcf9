/** Vectors of voters who sign with passkeys: assertions that count, and each way in which one does not. */
import { base64, concatBytes, fromUtf8, utf8 } from '@conclave/audit-core';
import {
  ballotBytes,
  payloadBytes,
  termsDigest,
  type Ballot,
  type Predicate,
  type Signature,
} from '@conclave/consensus-core';
import { changed, conspired, signedAs, type Draft, type Run } from './course.js';
import { assertionOf, CURVE_ORDER, derOf, p256SignerOf, type Ceremony, type P256Signer } from './passkey-signer.js';
import { gate, ranks, whole, yes } from './stories.js';
import { TRUST, written, type Vector, type Workshop } from './workshop.js';

const es256 = { algorithm: 'webauthn-es256' } as const;
const eddsa = { algorithm: 'webauthn-eddsa' } as const;
const panel = { pat: es256, quinn: eddsa, ada: {} };

export async function passkeyVectors(workshop: Workshop): Promise<Vector[]> {
  const told = await workshop.course(gate, panel);
  for (const name of Object.keys(panel)) await told.cast(name, yes, 'I looked.');
  const run = await told.end();
  return [...(await good(workshop, run)), ...(await refused(workshop, run)), ...(await misshapen(workshop, run))];
}

/** The statement of a voter, and what was signed for it. */
async function signing(run: Run, voterId: string, ceremony: Ceremony): Promise<Signature> {
  return signedAs(run.keys, voterId, bytesOf(run, voterId), ceremony);
}

function bytesOf({ predicate }: Run, voterId: string): Uint8Array {
  const [statement] = predicate.ballots.find((record) => record.voterId === voterId)!.statements;
  return ballotBytes(statement!.ballot as Ballot, termsDigest(predicate));
}

const withSignature = (run: Run, voterId: string, signature: Signature): Predicate =>
  changed(run, (draft) => {
    draft.ballots.find((record) => record.voterId === voterId)!.statements[0]!.signature = signature;
  });

async function good(workshop: Workshop, run: Run): Promise<Vector[]> {
  const { course } = workshop;
  const everything = await course(
    { secrecy: 'sealed', rounds: { propose: true, critique: 1 }, veto: { roles: ['chair'] } },
    { ...panel, pat: { ...es256, roles: ['chair'] } },
  );
  await everything.say('pat', 'propose', { id: 'p', title: 'A proposal' }, 'By hand.');
  await everything.next();
  await everything.say('quinn', 'critique', undefined, 'By hand, too.');
  await everything.next();
  await everything.say('pat', 'revise');
  await everything.next();
  await everything.commit('pat', ranks('p'));
  await everything.commit('quinn', ranks('p'));
  await everything.closeCommits();
  await everything.reveal('pat', ranks('p'));
  const vetoing = await course({ veto: { roles: ['chair'] } }, { ...panel, quinn: { ...eddsa, roles: ['chair'] } });
  await vetoing.veto('quinn');
  const pat = run.keys.get('pat')!.signer as P256Signer;
  const twin = await assertionOf(
    'webauthn-es256',
    { ...pat, sign: (message) => Promise.resolve(twinOf(pat, message)) },
    bytesOf(run, 'pat'),
  );
  const as = async (name: string, what: string, ceremony: Ceremony, voter = 'pat') =>
    whole(workshop, `passkey-${name}`, what, {
      predicate: withSignature(run, voter, await signing(run, voter, ceremony)),
    });
  return [
    await whole(workshop, 'passkeys', 'ES256, EdDSA and a plain key in one electorate', run),
    await whole(
      workshop,
      'passkeys-everywhere',
      'contributions, commitments and reveals by passkeys',
      await everything.end(),
    ),
    await whole(workshop, 'passkey-veto', 'a veto by a passkey', await vetoing.end()),
    await whole(workshop, 'passkey-pinned', 'a P-256 key that is pinned and counts as held outside', run, {
      trust: 'trust-passkey.json',
    }),
    await whole(workshop, 'passkey-pinned-other', 'a voter whose pinned passkey is another one', run, {
      ...{ trust: 'trust-other-passkey.json', exitCode: 5, step: 'policy' },
    }),
    ...(await underSigning(workshop, run)),
    await whole(workshop, 'passkey-twin', 'n − s in place of s is as good', {
      predicate: withSignature(run, 'pat', twin),
    }),
    await as('backed-up', 'flags of a passkey that may be and is backed up', { flags: 0x1d }),
    await as('member-more', 'a member that browsers add', {
      clientData: (usual) => JSON.stringify({ ...usual, extra: [1] }),
    }),
    await as('member-order', 'client data with its members in another order and white space', {
      clientData: ({ type, challenge, origin }) =>
        `{ "origin": "${String(origin)}", "challenge": "${String(challenge)}",\n "type": "${String(type)}" }`,
    }),
    await as(
      'cross-origin-null',
      'crossOrigin that is null',
      { clientData: (usual) => JSON.stringify({ ...usual, crossOrigin: null }) },
      'quinn',
    ),
  ];
}

/** The same decision under trust roots that name ways of signing. */
async function underSigning(workshop: Workshop, run: Run): Promise<Vector[]> {
  const refusedBy = (trust: string) => ({ trust, exitCode: 5, step: 'policy' }) as const;
  const plain = await workshop.course(gate, { ada: {}, bob: {} });
  for (const name of ['ada', 'bob']) await plain.cast(name, yes, 'I looked.');
  const make = (name: string, what: string, decided: Pick<Run, 'predicate'>, under: object) =>
    whole(workshop, name, what, decided, under);
  return [
    await make('signing-trusted', 'algorithms and a site that are trusted, among others', run, {
      trust: 'trust-passkey-signing.json',
    }),
    await make('signing-plain', 'plain keys, where only those are trusted: no site is asked for', await plain.end(), {
      trust: 'trust-plain-keys.json',
    }),
    await make('signing-algorithm', 'a voter whose algorithm is not trusted', run, refusedBy('trust-no-es256.json')),
    await make('signing-site', 'a passkey of another site', run, refusedBy('trust-other-site.json')),
    await make(
      'signing-origin',
      'a passkey of the site, and of another page',
      run,
      refusedBy('trust-other-origin.json'),
    ),
  ];
}

function twinOf(signer: P256Signer, message: Uint8Array): Uint8Array {
  const [r, s] = signer.numbers(message);
  return derOf(r, CURVE_ORDER - s);
}

async function refused(workshop: Workshop, run: Run): Promise<Vector[]> {
  const is = async (name: string, what: string, predicate: Predicate): Promise<Vector> => ({
    ...{ name: `passkey-${name}`, what, trust: TRUST, exitCode: 2, step: 'ballots' },
    bytes: written(await workshop.receipt({ predicate })),
  });
  const as = async (name: string, what: string, ceremony: Ceremony, voter = 'pat') =>
    is(name, what, withSignature(run, voter, await signing(run, voter, ceremony)));
  const says = (members: object): Ceremony => ({ clientData: (usual) => JSON.stringify({ ...usual, ...members }) });
  const pat = run.keys.get('pat')!.signer as P256Signer;
  const der = async (name: string, what: string, make: (r: bigint, s: bigint) => Uint8Array) => {
    const signer = { ...pat, sign: (message: Uint8Array) => Promise.resolve(make(...pat.numbers(message))) };
    const signature = await assertionOf('webauthn-es256', signer, bytesOf(run, 'pat'));
    return is(`der-${name}`, what, withSignature(run, 'pat', signature));
  };
  const quinn = await signing(run, 'quinn', {});
  const other = p256SignerOf(new Uint8Array(32).fill(3));
  const spliced = (bytes: Uint8Array, at: number, ...more: number[]) =>
    concatBytes(bytes.subarray(0, at), Uint8Array.from(more), bytes.subarray(at));
  return [
    await as('absent', 'nobody was there', { flags: 0x04 }),
    await as('unrecognised', 'somebody was there and not recognised', { flags: 0x01 }),
    await as('attested', 'flags of attested data', { flags: 0x45 }),
    await as('extended', 'flags of extensions, and none', { flags: 0x85 }),
    await as('extensions', 'extension data', { flags: 0x85, more: Uint8Array.of(0xa0) }),
    await as('longer', 'authenticator data of 38 bytes', { more: Uint8Array.of(0) }),
    await as('other-site', 'the hash of another site', { rpId: 'conclave.example.net' }),
    await as('type', 'client data of an enrolment', says({ type: 'webauthn.create' })),
    await as('challenge', 'another challenge', says({ challenge: 'A'.repeat(43) })),
    await as('challenge-padded', 'a challenge with padding', {
      clientData: (usual) => JSON.stringify({ ...usual, challenge: `${String(usual['challenge'])}=` }),
    }),
    await as('origin', 'a page of another origin', says({ origin: 'https://conclave.example.net' })),
    await as('framed', 'a page in a frame of another origin', says({ crossOrigin: true })),
    await as('top-origin', 'a page that tells who framed it', says({ topOrigin: 'https://other.example' })),
    await as('top-origin-null', 'topOrigin that is null', says({ topOrigin: null })),
    await as('member-twice', 'client data with a member written twice', {
      clientData: (usual) => JSON.stringify(usual).replace('{', '{"type":"webauthn.get",'),
    }),
    await as('float', 'client data with a number that is no integer', says({ extra: 0.5 })),
    await as('no-json', 'client data that is no JSON', { clientData: () => 'webauthn.get' }),
    await as('byte-order-mark', 'client data after a byte order mark', {
      clientData: (usual) => `\ufeff${JSON.stringify(usual)}`,
    }),
    await as(
      'eddsa-origin',
      'an EdDSA passkey on a page of another origin',
      says({ origin: 'http://conclave.example' }),
      'quinn',
    ),
    await is('algorithm', 'an assertion of another algorithm than the key has', withSignature(run, 'pat', quinn)),
    await is(
      'plain',
      'a plain signature of the key of a passkey',
      withSignature(run, 'quinn', {
        algorithm: 'ed25519',
        value: base64(await run.keys.get('quinn')!.signer.sign(bytesOf(run, 'quinn'))),
      }),
    ),
    await is(
      'of-another',
      'an assertion by another passkey',
      withSignature(run, 'pat', await assertionOf('webauthn-es256', other, bytesOf(run, 'pat'))),
    ),
    await is('of-ada', 'a passkey’s assertion in the place of a plain signature', withSignature(run, 'ada', quinn)),
    await is(
      'empty',
      'an assertion of nothing',
      withSignature(run, 'pat', {
        algorithm: 'webauthn-es256',
        authenticatorData: '',
        clientDataJSON: '',
        signature: '',
      }),
    ),
    await der('zero', 'r that is zero', (_, s) => derOf(0n, s)),
    await der('order', 'an s of the order of the curve', (r) => derOf(r, CURVE_ORDER)),
    await der('padded', 'an r with a zero byte too many', (r, s) => {
      const bytes = derOf(r, s);
      const longer = spliced(bytes, 4, 0);
      [longer[1], longer[3]] = [bytes[1]! + 1, bytes[3]! + 1];
      return longer;
    }),
    await der('trailing', 'a byte after the signature', (r, s) => concatBytes(derOf(r, s), Uint8Array.of(0))),
    await der('long-length', 'a length in two bytes', (r, s) => spliced(derOf(r, s), 1, 0x81)),
    await is(
      'key-off-curve',
      'a key that is not on the curve',
      await conspired(run, (draft) => {
        const key = base64(concatBytes(Uint8Array.of(4), new Uint8Array(64).fill(1)));
        draft.electorate[0]!.publicKey = key;
      }),
    ),
  ];
}

async function misshapen(workshop: Workshop, run: Run): Promise<Vector[]> {
  const text = fromUtf8(payloadBytes(run.predicate));
  const is = async (name: string, what: string, edit: (draft: Draft) => void): Promise<Vector> => {
    const statement = JSON.parse(text) as { predicate: Draft };
    edit(statement.predicate);
    return {
      ...{ name: `malformed-passkey-${name}`, what, trust: TRUST, exitCode: 6, step: 'parse' },
      bytes: written(await workshop.receipt(run, { payload: utf8(JSON.stringify(statement)) })),
    };
  };
  const site = run.predicate.electorate[0]!.relyingParty!;
  return [
    await is('no-site', 'a passkey without its site', (draft) => delete draft.electorate[0]!.relyingParty),
    await is('site-of-plain', 'a plain key with a site', (draft) => (draft.electorate[2]!.relyingParty = { ...site })),
    await is(
      'short-key',
      'an ES256 key of 32 bytes',
      (draft) => (draft.electorate[0]!.publicKey = draft.electorate[2]!.publicKey),
    ),
    await is(
      'long-key',
      'an EdDSA key of 65 bytes',
      (draft) => (draft.electorate[1]!.publicKey = draft.electorate[0]!.publicKey),
    ),
    await is('value', 'an assertion with the member of a plain signature', (draft) => {
      Object.assign(draft.ballots[0]!.statements[0]!.signature, { value: base64(new Uint8Array(64)) });
    }),
    await is('signature-missing', 'an assertion without its signature', (draft) => {
      delete (draft.ballots[0]!.statements[0]!.signature as { signature?: string }).signature;
    }),
  ];
}
