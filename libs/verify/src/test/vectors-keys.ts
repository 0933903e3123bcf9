/** Vectors of installations whose keys or logs have changed: second signing keys, services, a log that was reopened. */
import type { StepName } from '../verdict.js';
import type { Insider } from './platform.js';
import { gate, three, whole, yes } from './stories.js';
import { REOPENED, TRUST, written, type Vector, type Workshop } from './workshop.js';

export async function keyVectors(workshop: Workshop): Promise<Vector[]> {
  const { course, receipt, signerFor } = workshop;
  const told = await course(gate, three);
  await told.cast('ada', yes);
  const run = await told.end();
  const next = await signerFor('next log');
  const service = { keyid: 'consensus-2', signer: await signerFor('next service') };
  const is = async (
    name: string,
    what: string,
    trust: string,
    insider: Insider,
    verdict: readonly [number, StepName?] = [0],
  ) => {
    const [exitCode, step] = verdict;
    const vector: Vector = { name: `keys-${name}`, what, bytes: written(await receipt(run, insider)), trust, exitCode };
    return step ? { ...vector, step } : vector;
  };
  const both = { logKeys: [{ signer: next }] };
  const spoiled = { logKeys: [{ signer: next, broken: true }] } as const;
  const elsewhere = await course({ ...gate, origin: REOPENED }, three);
  await elsewhere.cast('ada', yes);
  const reopened = await elsewhere.end();
  return [
    await is('old-of-two', 'a log that signs with two keys, for who knows the old one', TRUST, both),
    await is('next-of-two', 'the same, for who knows the next one', 'trust-next-log-key.json', both),
    await is('both-of-two', 'the same, for who knows both', 'trust-both-log-keys.json', both),
    await is('one-of-two', 'a log that signs with one key, for who knows two', 'trust-both-log-keys.json', {}),
    await is(
      'next-alone',
      'a log that signs with the old key, for who knows the next one alone',
      'trust-next-log-key.json',
      {},
      [5, 'checkpoint'],
    ),
    await is(
      'one-broken',
      'two lines of keys that are known, one of which does not hold',
      'trust-both-log-keys.json',
      spoiled,
      [3, 'checkpoint'],
    ),
    await is('unknown-broken', 'a line that does not hold, of a key that is not known', TRUST, spoiled),
    await is('second-service', 'an envelope by the second of two services', 'trust-two-services.json', { service }),
    await is('second-service-unknown', 'the same, for who knows the first alone', TRUST, { service }, [5, 'signature']),
    await is(
      'service-exchanged',
      'the second service’s key under the first one’s name',
      'trust-two-services.json',
      { service: { ...service, keyid: 'consensus-1' } },
      [2, 'signature'],
    ),
    await whole(workshop, 'reopened', 'a decision of the log that was opened when the first was sealed', reopened, {
      trust: 'trust-reopened-log.json',
    }),
    {
      ...{ name: 'reopened-since', what: 'a decision that was opened under the first log, proven by the next' },
      ...{ trust: 'trust-reopened-log.json', exitCode: 0 },
      bytes: written(await receipt(run, { origin: REOPENED })),
    },
    await whole(workshop, 'reopened-unknown', 'the same, for who knows the first log alone', reopened, {
      exitCode: 5,
      step: 'checkpoint',
    }),
    {
      ...(await whole(
        workshop,
        'reopened-elsewhere',
        'a decision of the reopened log, proven by the first one',
        reopened,
      )),
      ...{ trust: 'trust-reopened-log.json', exitCode: 3, step: 'checkpoint' },
      bytes: written(await receipt(reopened)),
    },
  ];
}
