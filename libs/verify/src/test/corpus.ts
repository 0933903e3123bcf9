/** Receipts at random from a seed, good and bad, for comparing two verifiers: what matters is that both say the same. */
import { fromUtf8, jcs, parseStrictJson, sha256, utf8, type Json } from '@conclave/audit-core';
import { agendaOf, parsePredicate, type Said } from '@conclave/consensus-core';
import { conspired, type Course, type Run, type Sketch } from './course.js';
import type { Part } from './decisions.js';
import { flipped, pathsOf, replaced, strangers } from './mutations.js';
import { openWorkshop, TRUST, type Workshop } from './workshop.js';

/** Numbers from 0 to below a bound, the same for the same seed. */
type Dice = (bound: number) => number;

function diceOf(seed: string): Dice {
  let thrown = 0;
  return (bound) => {
    const digest = sha256(utf8(`${seed} ${thrown++}`));
    return new DataView(digest.buffer).getUint32(0) % bound;
  };
}

/** The receipts as files, and the trust root they are judged by. */
export async function corpus(count: number, seed: string): Promise<{ receipts: Uint8Array[]; trust: object }> {
  const workshop = await openWorkshop();
  const receipts: Uint8Array[] = [];
  for (let at = 0; at < count; at++) receipts.push(await randomReceipt(workshop, diceOf(`${seed} ${at}`)));
  return { receipts, trust: workshop.trusts[TRUST]! };
}

async function randomReceipt(workshop: Workshop, dice: Dice): Promise<Uint8Array> {
  const run = dice(3) === 0 ? undefined : await randomCourse(workshop, dice);
  const finished = run ?? (await randomDecision(workshop, dice));
  const { disclosures } = finished;
  const file = await workshop.receipt(finished, { disclosures });
  const bytes = utf8(JSON.stringify(file));
  switch (dice(5)) {
    case 0:
      return flipped(bytes, dice(bytes.length), dice(8));
    case 1: {
      const document = parseStrictJson(fromUtf8(bytes));
      return utf8(JSON.stringify(anotherValue(document, dice)));
    }
    case 2:
    case 3: {
      const predicate = parsePredicate(nearValue(parseStrictJson(jcs(finished.predicate)), dice));
      if (!predicate.ok) return bytes;
      const near = { ...run, predicate: predicate.value };
      // Voters who sign whatever is there now leave more to be found than a signature.
      const signed = run && dice(4) > 0 ? await conspired({ ...run, ...near }, () => undefined) : near.predicate;
      return utf8(JSON.stringify(await workshop.platform.receipt(signed, { disclosures })));
    }
    default:
      return bytes;
  }
}

/** Another value that an insider might have written there: one more, one less, or what stands in another such place. */
function nearValue(document: Json, dice: Dice): Json {
  const places = pathsOf(document).filter((place) => typeof valueAt(document, place) !== 'object');
  const place = places[dice(places.length)]!;
  const value = valueAt(document, place);
  if (typeof value === 'number') return replaced(document, place, value + (dice(2) ? 1 : -1));
  if (typeof value === 'boolean') return replaced(document, place, !value);
  const alike = places.filter((other) => other.at(-1) === place.at(-1)).map((other) => valueAt(document, other));
  const words = ['yes', 'no', 'void', 'counted', 'approved', 'rejected', 'green', 'red', 'external', 'a', 'b'];
  return replaced(document, place, [...alike, ...words][dice(alike.length + words.length)]!);
}

const valueAt = (document: Json, place: readonly string[]): Json =>
  place.reduce<Json>((value, step) => (value as Record<string, Json>)[step]!, document);

function anotherValue(document: Json, dice: Dice): Json {
  const places = pathsOf(document);
  return replaced(document, places[dice(places.length)]!, strangers[dice(strangers.length)]!);
}

function randomDecision({ decided }: Workshop, dice: Dice) {
  const ids = ['a', 'b', 'c', 'd'].slice(0, 2 + dice(3));
  const method = (['approval-gate', 'schulze', 'score'] as const)[dice(3)]!;
  const share = () => ({ num: 1 + dice(3), den: 3 + dice(2) });
  const variants = {
    'approval-gate': [undefined],
    schulze: [undefined, 'winning', 'margin', 'ratio'],
    score: ['sum', 'lower-median'],
  } as const;
  const variant = variants[method][dice(variants[method].length)];
  const statusQuo = method === 'schulze' && dice(2) ? 'a' : undefined;
  const threshold = (method === 'approval-gate' || statusQuo !== undefined) && dice(2) ? share() : undefined;
  const rule = {
    method,
    ...(variant && { variant }),
    ...(statusQuo && { statusQuo }),
    ...(threshold && { threshold }),
    ...(dice(3) === 0 && { quorum: share() }),
    ...(dice(3) === 0 && { minVoters: 1 + dice(3) }),
  };
  const vote = (): Part['said'] => {
    if (dice(6) === 0) return { vote: 'abstain' };
    if (method === 'approval-gate') return { vote: dice(2) ? 'yes' : 'no' };
    if (method === 'score') return { score: Object.fromEntries(ids.filter(() => dice(4)).map((id) => [id, dice(11)])) };
    const tiers: string[][] = [];
    for (const id of ids) if (dice(5)) (tiers[dice(3)] ??= []).push(id);
    return { ranking: tiers.filter((tier) => tier.length > 0) };
  };
  const parts = Object.fromEntries(
    ['ada', 'bob', 'cyd', 'dan', 'eve'].slice(0, 1 + dice(5)).map((voterId): [string, Part] => {
      const silent = dice(7) === 0;
      const more = { weight: 1 + dice(4), reason: 'Because of a.ts:1.' };
      return [voterId, silent ? more : { ...more, said: vote()! }];
    }),
  );
  const secrecy = dice(2) ? 'sealed' : 'open';
  const gates = dice(2) ? ['tests'] : [];
  const reports = { tests: (['green', 'red', 'abstained', 'silent'] as const)[dice(4)]! };
  const options = ids.map((id) => ({ id, title: id.toUpperCase() }));
  return decided({ options, rule, secrecy, gates }, parts, { gates: reports });
}

const people = ['ada', 'bob', 'cyd', 'dan', 'eve'];
const rules = [
  ...['plurality', 'approval', 'borda', 'irv', 'schulze', 'ranked-pairs', 'score', 'approval-gate'],
] as const;

/** A decision with whatever the newer protocol has to offer; what the state machine refuses is left out. */
async function randomCourse({ course }: Workshop, dice: Dice): Promise<Run> {
  const method = rules[dice(rules.length)]!;
  const some = <T>(value: T, odds = 2): T | undefined => (dice(odds) === 0 ? value : undefined);
  const share = () => ({ num: 1 + dice(2), den: 2 + dice(2) });
  const terms = {
    options: ['a', 'b', 'c'].slice(0, 2 + dice(2)).map((id) => ({ id, title: id })),
    rule: { method, threshold: some(share(), 3), quorum: some(share(), 4), statusQuo: some('a', 4) },
    secrecy: dice(3) ? 'open' : 'sealed',
    gates: some(['tests'], 3) ?? [],
    rounds: some({ propose: dice(2) === 0, critique: dice(2) }),
    veto: some({ roles: ['chair'] }, 3),
    tie: some((['no-decision', 'status-quo', 'seeded'] as const)[dice(3)]),
    statusQuo: some('b', 4),
    electorateRules: some({ minFamilies: 1 + dice(2), familyCap: some(share(), 3) }, 3),
    earlyStop: some('certain'),
    waves: some(true),
  };
  const voters = Object.fromEntries(
    people.slice(0, 1 + dice(5)).map((name): [string, Sketch] => [
      name,
      {
        ...{ weight: 1 + dice(4), family: ['north', 'south'][dice(2)]!, roles: dice(4) ? [] : ['chair'] },
        algorithm: (['ed25519', 'ed25519', 'webauthn-es256', 'webauthn-eddsa'] as const)[dice(4)]!,
      },
    ]),
  );
  const known = (value: object): object =>
    Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
  const told = await course({ ...known(terms), rule: known(terms.rule) as never }, voters).catch(() => undefined);
  return told ? randomSteps(told, Object.keys(voters), dice) : randomCourse({ course } as Workshop, dice);
}

async function randomSteps(told: Course, names: readonly string[], dice: Dice): Promise<Run> {
  const maybe = (step: Promise<unknown>): Promise<unknown> => step.catch(() => undefined);
  const said = (): Said => saidAt(told, dice);
  if (dice(2)) await maybe(told.report('tests', (['green', 'red', 'abstained'] as const)[dice(3)]!));
  for (const phase of ['propose', 'critique', 'revise'] as const) {
    if (told.decision.phase !== phase) continue;
    for (const name of names) {
      const option = phase === 'critique' || dice(2) ? undefined : { id: `of ${name}`, title: `${phase} ${dice(9)}` };
      const text = (phase === 'critique' || option) && dice(2) ? `${name} said ${dice(9)}` : undefined;
      await maybe(told.say(name, phase, option, text));
    }
    await told.next();
  }
  const committed = new Map(names.map((name) => [name, said()]));
  for (let wave = 0; wave < 3; wave++) {
    await maybe(told.ask());
    for (const [name, ballot] of committed) {
      if (dice(6) === 0) continue;
      await maybe(told.commit(name, ballot));
      await maybe(told.cast(name, dice(8) ? ballot : said(), 'Because.'));
      if (dice(20) === 0) await maybe(told.veto(name));
    }
  }
  await maybe(told.closeCommits());
  for (const [name, ballot] of committed) if (dice(5)) await maybe(told.reveal(name, dice(8) ? ballot : said()));
  return told.end('certain').catch(() => told.end());
}

function saidAt({ decision }: Course, dice: Dice): Said {
  const { options, rule } = decision.terms;
  const ids = agendaOf(options, decision.discussion).map(({ id }) => id);
  if (dice(8) === 0) return { vote: 'abstain' };
  const tiers: string[][] = [];
  switch (rule.method) {
    case 'approval-gate':
      return { vote: dice(2) ? 'yes' : 'no' };
    case 'plurality':
      return { choice: ids[dice(ids.length)]! };
    case 'approval':
      return { approve: ids.filter(() => dice(2)) };
    case 'score':
      return { score: Object.fromEntries(ids.filter(() => dice(4)).map((id) => [id, dice(11)])) };
    default:
      for (const id of ids) if (dice(5)) (tiers[dice(3)] ??= []).push(id);
      return { ranking: tiers.filter((tier) => tier.length > 0) };
  }
}
