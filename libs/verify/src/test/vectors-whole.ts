/** Vectors of receipts that hold: every rule, secrecy and end of a decision, and every liberty the format leaves. */
import { base64, utf8 } from '@conclave/audit-core';
import type { Finished } from './decisions.js';
import { pretty, TRUST, written, type Vector, type Workshop } from './workshop.js';

const abc = ['a', 'b', 'c'].map((id) => ({ id, title: `Proposal ${id}` }));
const yes = { said: { vote: 'yes' } } as const;
const no = { said: { vote: 'no' }, reason: 'It breaks the build.' } as const;
const abstains = { said: { vote: 'abstain' }, reason: 'Not my language.' } as const;
const ranks = (...ranking: string[][]) => ({ said: { ranking } });
const grades = (score: Record<string, number>) => ({ said: { score } });
const gate = (more: object) => ({ rule: { method: 'approval-gate' as const, ...more } });

export async function wholeVectors(workshop: Workshop): Promise<Vector[]> {
  return [
    ...(await liberties(workshop)),
    ...(await ofGate(workshop)),
    ...(await ofRankings(workshop)),
    ...(await ofPanels(workshop)),
  ];
}

async function valid({ receipt }: Workshop, name: string, what: string, finished: Finished): Promise<Vector> {
  const file = await receipt(finished, { disclosures: finished.disclosures });
  return { name, what, bytes: written(file), trust: TRUST, exitCode: 0 };
}

async function liberties(workshop: Workshop): Promise<Vector[]> {
  const { reviewed, receipt, decided } = workshop;
  const open = await reviewed('open');
  const { disclosures } = open;
  const file = await receipt(open, { disclosures });
  const bare = await receipt(open);
  const cosigned = await receipt(open, { cosigners: ['second'] });
  const bytes = written(file);
  const is = (name: string, what: string, more: Partial<Vector> = {}): Vector => ({
    name,
    what,
    bytes,
    trust: TRUST,
    exitCode: 0,
    ...more,
  });
  const { trust: _none, ...untrusted } = is('untrusted', 'no trust root: consistent, and no more', { exitCode: 7 });
  return [
    is('open', 'three jurors of open secrecy, one against, a green gate'),
    is('pretty', 'the same file with white space between its members', { bytes: pretty(file) }),
    is('redacted', 'the same receipt without its disclosures', { bytes: written(bare) }),
    untrusted,
    is('all-demands', 'every demand of a trust root is met', { trust: 'trust-all-demands.json' }),
    is('custody', 'a key outside the platform, pinned, stands behind a counted ballot', {
      trust: 'trust-custody.json',
    }),
    is('one-of-three-witnesses', 'one witness is enough where one is demanded', {
      trust: 'trust-three-witnesses.json',
    }),
    is('two-of-three-witnesses', 'two witnesses cosigned', {
      bytes: written(cosigned),
      trust: 'trust-two-of-three-witnesses.json',
    }),
    is('unknown-cosigner', 'a signature line of nobody the trust root knows is ignored', { bytes: written(cosigned) }),
    is('first-entry', 'the only entry of its log, with an empty audit path', {
      bytes: written(await receipt(open, { before: 0, after: 0 })),
    }),
    is('last-entry', 'the last of six entries', { bytes: written(await receipt(open, { after: 0 })) }),
    is('extra-line', 'a proof with an extra line, which means nothing', {
      bytes: written({
        ...file,
        log: { ...file.log, proof: file.log.proof.replace('\n', `\nextra ${base64(utf8('note'))}\n`) },
      }),
    }),
    is('entry-with-more', 'a log entry with members of the log’s own', {
      bytes: written(await receipt(open, { entryMore: { actor: 'svc_1', seq: 7 } })),
    }),
    await valid(workshop, 'sealed', 'the same jurors, committed before they revealed', await reviewed('sealed')),
    await valid(
      workshop,
      'no-subject',
      'a decision about no change, under no panel',
      await decided({ subject: undefined, policy: undefined }, { ada: yes }),
    ),
    await valid(
      workshop,
      'unicode',
      'text beyond ASCII, escapes, and option ids whose order differs between UTF-8 and UTF-16',
      await decided(
        {
          rule: { method: 'score' },
          question: 'Qué? "\\" \u2028 \u{1f600}\n\tsí',
          options: ['\u{1f600}', '\ufb33', '€', '"\\/', '10', '9'].map((id) => ({ id, title: `«${id}»` })),
        },
        { 'ada é': { ...grades({ '\u{1f600}': 3, '\ufb33': 2, '10': 1 }), reason: 'línea\n\u0000\u001f\u007f' } },
      ),
    ),
    await valid(
      workshop,
      'sha256-repository',
      'object ids of a repository that hashes with SHA-256, and policy files',
      await decided(
        {
          subject: {
            repository: 'git.example/acme/app',
            base: '1'.repeat(64),
            head: '2'.repeat(64),
            tree: '3'.repeat(64),
            diffSha256: 'ab'.repeat(32),
          },
          policy: {
            panel: 'p',
            panelSha256: 'cd'.repeat(32),
            source: 'main',
            files: [{ name: 'CODEOWNERS', sha256: 'ef'.repeat(32) }],
          },
        },
        { ada: yes },
      ),
    ),
  ];
}

async function ofGate(workshop: Workshop): Promise<Vector[]> {
  const { decided } = workshop;
  const is = async (name: string, what: string, ...decision: Parameters<Workshop['decided']>) =>
    valid(workshop, name, what, await decided(...decision));
  return [
    await is('gate-unanimous-rejected', 'one no rejects under unanimity', {}, { ada: yes, bob: no }),
    await is('gate-tie-rejected', 'as much yes as no rejects', gate({}), { ada: yes, bob: no }),
    await is('gate-threshold-met', 'two of three is 2/3', gate({ threshold: { num: 2, den: 3 } }), {
      ada: yes,
      bob: yes,
      cyd: no,
    }),
    await is(
      'gate-threshold-missed',
      'two of three is less than 667/1000',
      gate({ threshold: { num: 667, den: 1000 } }),
      { ada: yes, bob: yes, cyd: no },
    ),
    await is('gate-weights', 'weight decides, not heads', gate({}), { ada: { ...yes, weight: 3 }, bob: no, cyd: no }),
    await is(
      'gate-quorum-missed',
      'one of two is less than 2/3 of the electorate',
      gate({ quorum: { num: 2, den: 3 } }),
      { ada: yes, bob: {} },
    ),
    await is('gate-quorum-by-abstention', 'who abstains is present', gate({ quorum: { num: 1, den: 1 } }), {
      ada: yes,
      bob: abstains,
    }),
    await is('gate-few-voters', 'fewer voters than the rule demands', gate({ minVoters: 2 }), {
      ada: yes,
      bob: abstains,
    }),
    await is('gate-all-abstained', 'nobody said yes or no', gate({}), { ada: abstains, bob: abstains }),
    await is('gate-nobody', 'nobody spoke', gate({}), { ada: {}, bob: {} }),
    await is(
      'evidence-red',
      'a red gate rejects what everybody wants',
      { gates: ['tests', 'scan'] },
      { ada: yes },
      { gates: { tests: 'red' } },
    ),
    await is(
      'evidence-missing',
      'a gate that never reported leaves it undecided',
      { gates: ['tests'] },
      { ada: yes },
      { gates: { tests: 'silent' } },
    ),
    await is(
      'evidence-abstained',
      'a gate that abstains has no effect',
      { gates: ['tests'] },
      { ada: yes },
      { gates: { tests: 'abstained' } },
    ),
    await is('void-two-ballots', 'a voter who signed two ballots is void', gate({}), {
      ada: yes,
      bob: { ...yes, then: { vote: 'no' } },
    }),
    await is(
      'void-broken-promise',
      'a voter who revealed another ballot than promised is void',
      { ...gate({}), secrecy: 'sealed' },
      { ada: yes, bob: { ...yes, then: { vote: 'no' } } },
    ),
    await is(
      'unrevealed',
      'a voter who committed and never revealed',
      { ...gate({}), secrecy: 'sealed' },
      { ada: yes, bob: { ...yes, reveals: false } },
    ),
  ];
}

/** As large as a panel usually is; the benchmark verifies them. */
async function ofPanels(workshop: Workshop): Promise<Vector[]> {
  const words = 'Covered by tests; no secret, no weakened assertion, and nothing outside of what the title says.';
  const panel = Object.fromEntries(
    ['ada', 'bob', 'cyd', 'dan', 'eve'].map((name) => [name, { ...yes, reason: words }]),
  );
  const five = (secrecy: 'open' | 'sealed') => workshop.decided({ ...gate({}), gates: ['tests'], secrecy }, panel);
  return [
    await valid(workshop, 'five-voters', 'five jurors of one mind', await five('open')),
    await valid(workshop, 'five-voters-sealed', 'the same, committed before they revealed', await five('sealed')),
  ];
}

async function ofRankings(workshop: Workshop): Promise<Vector[]> {
  const { decided } = workshop;
  const is = async (name: string, what: string, rule: object, parts: Parameters<Workshop['decided']>[1]) =>
    valid(workshop, name, what, await decided({ options: abc, rule: rule as never }, parts));
  const cycle = {
    ada: { ...ranks(['a'], ['b'], ['c']), weight: 4 },
    bob: { ...ranks(['b'], ['c'], ['a']), weight: 3 },
    cyd: { ...ranks(['c'], ['a'], ['b']), weight: 2 },
  };
  const partial = {
    ada: { ...ranks(['a']), weight: 5 },
    bob: { ...ranks(['b', 'c']), weight: 4 },
    cyd: { ...ranks(['c'], ['b']), weight: 3 },
    dan: abstains,
  };
  const graded = {
    ada: grades({ a: 10, b: 4 }),
    bob: grades({ a: 0, b: 6, c: 5 }),
    cyd: { ...grades({ a: 9, c: 5 }), weight: 2 },
  };
  return [
    await is('schulze-cycle', 'a cycle of majorities, the weakest gives way', { method: 'schulze' }, cycle),
    await is('schulze-margin', 'links by margin', { method: 'schulze', variant: 'margin' }, partial),
    await is('schulze-ratio', 'links by ratio', { method: 'schulze', variant: 'ratio' }, partial),
    await is(
      'schulze-winning',
      'links by winning votes, unranked options tied last',
      { method: 'schulze', variant: 'winning' },
      partial,
    ),
    await is(
      'schulze-tied',
      'nobody beats anybody',
      { method: 'schulze' },
      { ada: ranks(['a'], ['b']), bob: ranks(['b'], ['a']) },
    ),
    await is(
      'schulze-status-quo',
      'a winner must beat what stays by 3/4',
      { method: 'schulze', statusQuo: 'c', threshold: { num: 3, den: 4 } },
      cycle,
    ),
    await is('schulze-status-quo-wins', 'what stays may win itself', { method: 'schulze', statusQuo: 'a' }, cycle),
    await is('score-median', 'the lower median', { method: 'score' }, graded),
    await is('score-sum', 'the sum, an option left out scores 0', { method: 'score', variant: 'sum' }, graded),
    await is(
      'score-tied',
      'two options of one score',
      { method: 'score', variant: 'sum', quorum: { num: 1, den: 2 } },
      { ada: grades({ a: 1, b: 1 }), bob: {} },
    ),
  ];
}
