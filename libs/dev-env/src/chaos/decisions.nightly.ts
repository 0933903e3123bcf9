/**
 * Decisions through crashes: consensus, Postgres and audit are killed in every phase of a sealed decision with rounds,
 * while a request is on its way. What the voter was promised is there afterwards, once and in the order of the
 * promises, and the receipt is what its events say, byte for byte. The log has each audited event of each service once, in
 * the order in which that service announced it. Then audit alone is killed in each of its own phases, in which it is held.
 */
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  revealBytes,
  checkBallots,
  commitmentBytes,
  commitOf,
  contributionBytes,
  parseEventData,
  parseStatement,
  payloadBytes,
  predicateOf,
  recountAgrees,
  type DecisionEvent,
  type DiscussionPhase,
  type EventType,
} from '@conclave/consensus-core';
import { newId, type Decision } from '@conclave/contracts';
import pg from 'pg';
import { startConstellation, type Constellation } from '../testing/constellation.js';
import { announced, exportedLog, untilLogged, type LogEntry } from './read-log.js';

const SALT = Buffer.alloc(32, 7).toString('base64');
const PATIENCE_MS = 90_000;
const victims = ['consensus', 'postgres', 'audit'] as const;
type Victim = (typeof victims)[number];

interface Voter {
  readonly voterId: string;
  readonly key: KeyObject;
}

let platform: Constellation;
beforeAll(async () => {
  platform = await startConstellation();
}, 180_000);
afterAll(() => platform?.stop(), 60_000);

/** Asks until the platform answers; what it refuses for good is a fault of the test. */
async function ask<T>(method: 'GET' | 'POST', path: string, body?: object, until?: (reply: T) => boolean): Promise<T> {
  const headers = { authorization: `Bearer ${platform.apiKey}`, 'content-type': 'application/json' };
  const deadline = Date.now() + PATIENCE_MS;
  for (let last = ''; Date.now() < deadline; await sleep(250)) {
    try {
      const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
      const response = await fetch(`${platform.gateway}${path}`, init);
      last = await response.text();
      if (response.ok && (!until || until(JSON.parse(last) as T))) return JSON.parse(last) as T;
      if (!response.ok && response.status < 500 && !/pending|unpublished|rate/.test(last))
        throw new TypeError(`${path}: ${last}`, { cause: 'refused' });
    } catch (error) {
      if (error instanceof TypeError && error.cause === 'refused') throw error;
    }
  }
  throw new Error(`no answer from ${path}`);
}

const signature = ({ key }: Voter, bytes: Uint8Array) => ({
  algorithm: 'ed25519',
  value: sign(null, bytes, key).toString('base64'),
});

async function enrol(): Promise<Voter> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url').toString('base64');
  const voter = { voterId: newId('voter'), key: privateKey };
  const { challenge } = await ask<{ challenge: string }>('POST', '/v1/voter-keys/challenges', {});
  const { value } = signature(voter, Buffer.from(`conclave/voter-key/v1\n${challenge}\n${raw}`));
  const proven = { publicKey: raw, algorithm: 'ed25519', possession: { challenge, value } };
  await ask('POST', '/v1/voter-keys', { voterId: voter.voterId, name: 'voter', ...proven });
  return voter;
}

/** Asks Postgres as its administrator. */
async function inPostgres<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: platform.postgres });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** All of the tenant's log, which has every audited event once and in its producer's order. */
async function wholeLog(): Promise<LogEntry[]> {
  const told = await inPostgres(async (client) => {
    await untilLogged(client, platform.tenant, PATIENCE_MS);
    return announced(client, platform.tenant);
  });
  const entries = await exportedLog(platform);
  const ids = entries.map(({ event }) => event);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [service, events] of told) {
    const own = new Set(events);
    expect({ service, logged: ids.filter((id) => own.has(id)) }).toEqual({ service, logged: events });
  }
  return entries;
}

/** A decision's events as they are stored, checked like the service checks them. */
async function stored(id: string): Promise<{ events: DecisionEvent[]; announced: Record<string, number> }> {
  return inPostgres(async (client) => {
    const { rows } = await client.query<{ seq: number; type: EventType; at: Date; data: unknown }>(
      'select seq, type, at, data from consensus.decision_event where decision_id = $1 order by seq',
      [id],
    );
    const told = await client.query<{ type: string; count: number }>(
      `select type, count(*)::int from consensus.outbound_event where data ->> 'decision' = $1 group by type`,
      [id],
    );
    const events = rows.map(({ seq, type, at, data }) => {
      const known = parseEventData(type, data);
      if (!known.ok) throw new Error(`event ${seq} is damaged at ${known.path}`);
      return { seq, type, at: at.toISOString(), data: known.value } as DecisionEvent;
    });
    return { events, announced: Object.fromEntries(told.rows.map(({ type, count }) => [type, count])) };
  });
}

/** Kills it; when it is not back from the last time, as soon as it is: not every request waits for it. */
async function kill(victim: Victim): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; ; await sleep(50)) {
    try {
      return await platform.kill9(victim);
    } catch (error) {
      if (Date.now() > deadline || !/is not running/.test(String(error))) throw error;
    }
  }
}

describe.each(victims)('while %s is killed in every phase', (victim) => {
  it('a decision loses, doubles and reorders nothing, and its receipt is what its events say', async () => {
    const voters = [await enrol(), await enrol(), await enrol()];
    const promised: string[] = [];
    const id = newId('decision');
    /** A request with a crash on top: whether or not the first was heard, the same again is answered alike. */
    const through = async (path: string, body: object): Promise<Decision> => {
      const first = ask<Decision>('POST', path, body);
      await sleep(Math.random() * 20);
      await kill(victim);
      await first;
      return ask<Decision>('POST', path, body);
    };
    /** Everybody does it, the second of them through a crash. */
    const everybody = async (
      does: (voter: Voter) => readonly [string, object],
      event: EventType,
    ): Promise<Decision> => {
      let decision: Decision | undefined;
      for (const [at, voter] of voters.entries()) {
        const [path, body] = does(voter);
        const asked = `/v1/decisions/${id}/${path}`;
        decision = at === 1 ? await through(asked, body) : await ask<Decision>('POST', asked, body);
        promised.push(`${event} ${voter.voterId}`);
      }
      return decision!;
    };

    const terms = {
      ...{ id, question: 'Which way?', options: [{ id: 'stay', title: 'Stay' }], rule: { method: 'schulze' } },
      ...{ secrecy: 'sealed', rounds: { propose: true, critique: 1 } },
      electorate: voters.map(({ voterId }, n) => ({ voterId, kind: 'human', name: `voter ${n}`, family: `f${n}` })),
    };
    const { termsSha256 } = await through('/v1/decisions', terms);
    const say =
      (phase: DiscussionPhase, path: string) =>
      (voter: Voter): readonly [string, object] => {
        const { voterId } = voter;
        const option = { id: `by-${voterId.slice(-8)}`, title: `${phase} of ${voterId.slice(-4)}` };
        const said = { decisionId: id, voterId, phase, ...(phase !== 'critique' && { option }) };
        const own = phase === 'critique' ? {} : { option };
        return [path, { voterId, ...own, signature: signature(voter, contributionBytes(said, termsSha256)) }];
      };
    await everybody(say('propose', 'proposals'), 'proposal.made');
    await everybody(say('critique', 'critiques'), 'critique.made');
    const frozen = await everybody(say('revise', 'revisions'), 'revision.made');
    const digest = frozen.agendaSha256!;

    const ballotOf = ({ voterId }: Voter) => ({
      ...{ decisionId: id, round: 1, voterId, reason: 'because' },
      ranking: [[frozen.options[1]!.id], ['stay']],
    });
    await everybody((voter) => {
      const { voterId } = voter;
      const commitment = { round: 1, voterId, commit: commitOf(ballotOf(voter), SALT) };
      const signed = signature(voter, commitmentBytes({ decisionId: id, ...commitment }, digest));
      return ['commits', { ...commitment, signature: signed }];
    }, 'ballot.committed');
    const sealed = await everybody((voter) => {
      const said = { ballot: ballotOf(voter), salt: SALT };
      return ['reveals', { ...said, signature: signature(voter, revealBytes(said, digest, { signedReveals: true })) }];
    }, 'ballot.revealed');
    expect(sealed).toMatchObject({ phase: 'sealed', outcome: { winners: [frozen.options[1]!.id] } });

    await kill(victim);
    const receipt = await ask<{ envelope: { payload: string } }>('GET', `/v1/decisions/${id}/receipt`);
    const { events, announced: told } = await stored(id);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 1));
    const kept = events.flatMap(({ type, data }) => {
      const said = data as { voterId?: string; ballot?: { voterId: string }; contribution?: { voterId: string } };
      const who = said.voterId ?? said.ballot?.voterId ?? said.contribution?.voterId;
      return who === undefined ? [] : [`${type} ${who}`];
    });
    expect(kept).toEqual(promised);
    expect(told).toEqual({
      ...{ 'decision.opened': 1, 'decision.commits-closed': 1, 'decision.reveal-opened': 1, 'decision.sealed': 1 },
    });
    const payload = Buffer.from(receipt.envelope.payload, 'base64');
    const rebuilt = payloadBytes(predicateOf(events)!);
    const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
    expect(sha256(rebuilt)).toBe(sha256(payload));
    const statement = parseStatement(JSON.parse(payload.toString('utf8')));
    if (!statement.ok) throw new Error(statement.path);
    expect(await checkBallots(statement.value.predicate)).toEqual([]);
    expect(recountAgrees(statement.value.predicate)).toBe(true);
    const ofDecision = (await wholeLog()).filter(({ data }) => data['decision'] === id).map(({ type }) => type);
    expect(ofDecision).toEqual(['decision.opened', 'decision.commits-closed', 'decision.sealed']);
  }, 600_000);
});

it('the weights of a calibrated decision are a signed entry, and the ones that count', async () => {
  const voters = [await enrol(), await enrol()];
  const calibration = { method: 'beta', taskClass: 'nightly' };
  const electorate = voters.map(({ voterId }, n) => ({ voterId, kind: 'human', name: `voter ${n}`, family: `f${n}` }));
  const terms = {
    question: 'Shall it land?',
    options: [{ id: 'change', title: 'The change' }],
    electorate,
    calibration,
  };
  const id = newId('decision');
  const opened = await ask<Decision>('POST', '/v1/decisions', { id, ...terms, rule: { method: 'approval-gate' } });
  const logged = (await wholeLog()).filter(({ data }) => data['decision'] === id);
  expect(logged.map(({ type }) => type).toSorted()).toEqual(['calibration.frozen', 'decision.opened']);
  const entry = logged.find(({ type }) => type === 'calibration.frozen');
  const weights = opened.ballots.map(({ voterId, weight }) => ({ voter: voterId, weightMilli: weight }));
  expect(entry?.data).toMatchObject({ ...calibration, weights });
}, 120_000);

/** Adds an entry, until it is told to be there: a crash on the way is answered by the same again. */
async function add(n: number, grade: 'audited' | 'sealed'): Promise<void> {
  const headers = {
    ...{ authorization: `Bearer ${platform.apiKey}`, 'content-type': 'application/json' },
    'idempotency-key': `crash-${n}`,
  };
  const body = JSON.stringify({ type: 'crash.survived', data: { n }, grade });
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(100)) {
    const sent = fetch(`${platform.gateway}/v1/audit/entries`, { method: 'POST', headers, body });
    const answer = await sent.catch(() => undefined);
    if (answer?.ok) return;
    if (answer && answer.status < 500 && answer.status !== 409) throw new Error(await answer.text());
  }
  throw new Error(`entry ${n} was never taken`);
}

/** Where audit is when it cannot have this table: it takes an entry in, has numbered and signed, or has published. */
const held = [
  ['staging', 'audit.stage'],
  ['sequencing and signing', 'audit.checkpoint'],
  ['telling what is published', 'audit.outbound_event'],
] as const;

/** Kills audit while it waits for a table that somebody else has. */
async function killHolding(table: string, meanwhile: () => Promise<unknown>): Promise<void> {
  await inPostgres(async (client) => {
    await client.query('begin');
    await client.query(`lock table ${table} in access exclusive mode`);
    const done = meanwhile();
    const waits = `select from pg_locks where not granted and relation = $1::regclass`;
    for (const deadline = Date.now() + PATIENCE_MS; ; await sleep(20)) {
      if ((await client.query(waits, [table])).rowCount! > 0) break;
      if (Date.now() > deadline) throw new Error(`nobody waits for ${table}`);
    }
    await kill('audit');
    await client.query('rollback');
    await done;
  });
}

describe('audit, killed', () => {
  let next = 0;
  const added = async () =>
    (await wholeLog())
      .filter(({ type }) => type === 'entry.added')
      .map(({ data }) => (data['data'] as { n: number }).n);
  const inOrder = () => Array.from({ length: next }, (_, n) => n);

  it.each(held)(
    'while %s, loses, doubles and reorders nothing',
    async (_phase, table) => {
      await add(next++, 'sealed');
      // A key's entry is awaited, and told when it is published: that is the last of the phases.
      await killHolding(table, () => Promise.all([enrol(), add(next++, 'sealed')]));
      await add(next++, 'audited');
      expect(await added()).toEqual(inOrder());
    },
    300_000,
  );

  it('anywhere between an entry and its tiles, again and again, loses, doubles and reorders nothing', async () => {
    for (let time = 0; time < 5; time++) {
      const adding = add(next++, 'sealed');
      await sleep(Math.random() * 120);
      await kill('audit');
      await adding;
    }
    expect(await added()).toEqual(inOrder());
  }, 600_000);
});
