import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseCheckpoint, parseNote } from '@conclave/audit-core';
import { audit, events, newId } from '@conclave/contracts';
import {
  eventually,
  startServiceFixture,
  testPrincipal,
  type EventSource,
  type ServiceFixture,
} from '@conclave/dev-env/testing';
import { postgres } from '@conclave/postgres-kit';
import { AuditModule } from '../audit.module.js';
import { auditEnvironment } from '../config.js';
import { sequencing } from '../log/sequencer.js';
import { witnessing } from '../witness/witnessing.js';
import { believedIn } from './config.js';
import { OpensslAuthority } from './test/openssl-authority.js';

const { privateKey } = generateKeyPairSync('ed25519');
const [me, neighbour] = [testPrincipal(), testPrincipal()];
let authority: OpensslAuthority;
let fixture: ServiceFixture;
let auth: EventSource;

beforeAll(async () => {
  authority = await OpensslAuthority.create();
  const spec = {
    name: 'audit',
    module: AuditModule,
    environment: auditEnvironment,
    resources: [postgres(), sequencing(), witnessing()],
  } as const;
  fixture = await startServiceFixture(spec, {
    AUDIT_SIGNING_KEY: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
    ...{ AUDIT_LOG_HOST: 'log.example', EGRESS_ALLOW: '127.0.0.0/8' },
    ...{ AUDIT_TIMESTAMP_URL: await authority.start(), AUDIT_TIMESTAMP_EVERY_MS: '1000' },
    AUDIT_TIMESTAMP_CERTIFICATES: await authority.believed,
  });
  auth = await fixture.eventsOf('auth');
});
afterAll(async () => {
  await fixture.stop();
  await authority.remove();
});

const add = () => auth.emit(events.apiKeyCreated, me.tenantId, { apiKey: newId('apiKey'), scopes: [] });
const stamps = async (query: { limit?: string; after?: string } = {}) => fixture.call(audit.listTimestamps, query, me);
const until = (count: number) =>
  eventually(async () => {
    const { items } = await stamps();
    expect(items).toHaveLength(count);
    return items;
  });

describe('with a timestamp authority', () => {
  it('the head of a log comes to bear a stamp that OpenSSL believes', async () => {
    add();
    const [stamp] = await until(1);
    expect(parseCheckpoint(parseNote(stamp!.checkpoint).text)).toMatchObject({ size: 1, origin: stamp!.origin });
    const response = Buffer.from(stamp!.response, 'base64');
    expect(await authority.verify(stamp!.checkpoint, response)).toContain('Verification: OK');
    await expect(authority.verify(`${stamp!.checkpoint} `, response)).rejects.toThrow('imprint mismatch');
    expect(await fixture.call(audit.listTimestamps, {}, neighbour)).toEqual({ items: [] });
  });

  it('a stamp by nobody who is believed is not kept, and asked for again', async () => {
    authority.signsAs = 'foreign';
    const before = authority.asked;
    add();
    await eventually(async () => expect(authority.asked).toBeGreaterThan(before));
    authority.signsAs = 'good';
    const items = await until(2);
    for (const { checkpoint, response } of items)
      expect(await authority.verify(checkpoint, Buffer.from(response, 'base64'))).toContain('Verification: OK');
  });

  it('stamps are listed by the page, newest first', async () => {
    const first = await stamps({ limit: '1' });
    const second = await stamps({ limit: '1', after: first.next! });
    expect([first, second].map(({ items }) => items.map(({ size }) => size))).toEqual([[2], [1]]);
    expect(second.next).toBeUndefined();
    await expect(stamps({ after: 'page two' })).rejects.toMatchObject({ code: 'request.invalid' });
  });

  it('an authority that nothing vouches for is refused before anything starts', () => {
    const config = { AUDIT_TIMESTAMP_URL: 'https://tsa.example/', AUDIT_TIMESTAMP_CERTIFICATES: [] };
    expect(() => believedIn(config)).toThrow('AUDIT_TIMESTAMP_CERTIFICATES');
  });
});
