/** What vectors are told with: decisions that several of them tell or spoil, and words they share. */
import type { Course, Run } from './course.js';
import { TRUST, written, type Vector, type Workshop } from './workshop.js';

export const ranks = (...options: string[]) => ({ ranking: options.map((option) => [option]) });
export const yes = { vote: 'yes' } as const;
export const no = { vote: 'no' } as const;
export const abstains = { vote: 'abstain' } as const;
export const gate = { rule: { method: 'approval-gate' } } as const;
export const three = { ada: {}, bob: {}, cyd: {} };
export const rounds = { propose: true, critique: 1 };
export const proposal = (id: string, title = `Proposal ${id}`) => ({ id, title });

/** Everything that is called: an open vote by rankings, a discussion, a veto, waves. */
export interface Stories {
  readonly discussed: (secrecy?: 'open' | 'sealed') => Promise<Run>;
  readonly vetoed: () => Promise<Run>;
  readonly tiedSealed: (tie?: 'seeded' | 'status-quo') => Promise<Run>;
  readonly waved: () => Promise<Run>;
  readonly stopped: () => Promise<Run>;
  readonly diverse: () => Promise<Run>;
}

/** Decisions that the vectors of breaches spoil. */
export function storiesOf({ course }: Workshop): Stories {
  return {
    discussed: async (secrecy = 'open') => {
      const told = await course({ rounds, secrecy, options: [proposal('a')] }, three);
      await discuss(told);
      return secrecy === 'open' ? castAll(told) : sealedAll(told, ranks('x', 'a'), ranks('x'), ranks('a'));
    },
    vetoed: async () => {
      const told = await course({ veto: { roles: ['chair'] } }, { ...three, cyd: { roles: ['chair', 'scribe'] } });
      await told.cast('ada', ranks('a'));
      await told.veto('cyd');
      return told.end();
    },
    tiedSealed: async (tie = 'seeded') => {
      const statusQuo = tie === 'status-quo' ? { statusQuo: 'c' } : {};
      const told = await course({ secrecy: 'sealed', tie, ...statusQuo }, three);
      return sealedAll(told, ranks('a', 'b', 'c'), ranks('b', 'c', 'a'), ranks('c', 'a', 'b'));
    },
    waved: async () => {
      const told = await course(
        { ...gate, waves: true, earlyStop: 'certain' },
        { ...three, dan: { weight: 3 }, eve: { weight: 2 } },
      );
      await told.ask();
      await told.cast('dan', yes);
      await told.cast('eve', no);
      await told.ask();
      for (const name of told.decision.asked.at(-1)!.voters) await told.cast(name, yes);
      return told.end('certain');
    },
    stopped: async () => {
      const told = await course({ ...gate, earlyStop: 'certain' }, three);
      await told.cast('ada', yes);
      await told.cast('cyd', yes);
      return told.end('certain');
    },
    diverse: async () => {
      const told = await course(
        {
          ...gate,
          electorateRules: {
            minFamilies: 2,
            familyCap: { num: 2, den: 3 },
            voterCap: { num: 1, den: 3 },
            minRoles: [{ role: 'security', count: 1 }],
            excluded: ['mallory'],
          },
        },
        { ada: { family: 'north', roles: ['security'] }, bob: { family: 'north' }, cyd: { family: 'south' } },
      );
      await told.cast('ada', yes);
      await told.cast('cyd', yes);
      return told.end();
    },
  };
}

async function discuss(told: Course): Promise<void> {
  await told.say('ada', 'propose', proposal('x', 'A first idea'), 'It is the least that helps.');
  await told.say('bob', 'propose', proposal('y'));
  await told.say('cyd', 'propose');
  await told.next();
  await told.say('bob', 'critique', undefined, 'x says too little.\nWhat of errors?');
  await told.say('ada', 'critique');
  await told.next();
  await told.say('ada', 'revise', proposal('x', 'A better idea'), 'Errors are told.');
  await told.next();
}

async function castAll(told: Course): Promise<Run> {
  await told.cast('ada', ranks('x', 'a'), 'Mine.');
  await told.cast('bob', ranks('y', 'x'));
  await told.cast('cyd', ranks('x'));
  return told.end();
}

async function sealedAll(told: Course, ...said: { ranking: string[][] }[]): Promise<Run> {
  const names = ['ada', 'bob', 'cyd'];
  for (const [at, ballot] of said.entries()) await told.commit(names[at]!, ballot);
  await told.closeCommits();
  for (const [at, ballot] of said.entries()) await told.reveal(names[at]!, ballot);
  return told.end();
}

/** The receipt of a run as a vector that holds. */
export async function whole(
  { receipt }: Workshop,
  name: string,
  what: string,
  run: Pick<Run, 'predicate'> & Partial<Run>,
  more: Partial<Vector> = {},
): Promise<Vector> {
  const file = await receipt(run, { origin: run.predicate.origin, disclosures: run.disclosures ?? [] });
  return { name, what, bytes: written(file), trust: TRUST, exitCode: 0, ...more };
}
