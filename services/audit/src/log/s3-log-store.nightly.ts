/** Against a real S3 server with Object Lock, whose program `S3_SERVER` names: versitygw, built by `deploy/verify/nightly.sh`. */
import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newTiles, parseCheckpoint, parseNote, tilePath } from '@conclave/audit-core';
import { audit, events, newId } from '@conclave/contracts';
import {
  eventually,
  startServiceFixture,
  testPrincipal,
  type EventSource,
  type ServiceFixture,
} from '@conclave/dev-env/testing';
import { CONFIG } from '@conclave/nest-kit';
import { postgres } from '@conclave/postgres-kit';
import { AuditModule } from '../audit.module.js';

import { auditEnvironment, type AuditConfig } from '../config.js';
import { signedHeaders } from './s3-bucket.js';
import { s3LogStore } from './s3-log-store.js';
import { sequencing } from './sequencer.js';

const PORT = 17_070;
const endpoint = `http://127.0.0.1:${PORT}`;
const credentials = { region: 'us-east-1', accessKeyId: 'conclave', secretAccessKey: 'conclave-secret' };

let dir: string;
let server: ChildProcess;
let fixture: ServiceFixture;
let auth: EventSource;

/** What an operator's own S3 client does. */
async function s3(method: string, pathAndQuery: string, headers: Record<string, string> = {}): Promise<Response> {
  const url = new URL(`${endpoint}/${pathAndQuery}`);
  const query = [...url.searchParams].map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  url.search = query.sort().join('&');
  return fetch(url, {
    method,
    headers: signedHeaders(credentials, { method, url, headers, body: new Uint8Array() }, new Date()),
  });
}

beforeAll(async () => {
  const program = process.env['S3_SERVER'];
  if (!program) throw new Error('S3_SERVER names no program: run deploy/verify/nightly.sh');
  dir = await mkdtemp(join(tmpdir(), 'conclave-s3-'));
  for (const name of ['data', 'versions']) await mkdir(join(dir, name));
  const keys = ['--access', credentials.accessKeyId, '--secret', credentials.secretAccessKey];
  const backend = ['posix', '--versioning-dir', join(dir, 'versions'), join(dir, 'data')];
  server = spawn(program, [...keys, '--quiet', '--port', `127.0.0.1:${PORT}`, ...backend], { stdio: 'ignore' });
  await eventually(async () => {
    const made = await s3('PUT', 'logs', { 'x-amz-bucket-object-lock-enabled': 'true' });
    expect(made.status).toBe(200);
  });
  const key = generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
  fixture = await startServiceFixture(
    {
      ...{ name: 'audit', module: AuditModule, environment: auditEnvironment },
      resources: [postgres(), sequencing()],
    },
    {
      ...{
        AUDIT_SIGNING_KEY: key,
        AUDIT_LOG_HOST: 'log.example',
        AUDIT_STORE: 's3://logs/prod',
        AUDIT_S3_ENDPOINT: endpoint,
      },
      AUDIT_S3_ALLOW: '127.0.0.0/8',
      AUDIT_S3_ACCESS_KEY_ID: credentials.accessKeyId,
      AUDIT_S3_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
  );
  auth = await fixture.eventsOf('auth');
});
afterAll(async () => {
  await fixture?.stop();
  server?.kill();
  await rm(dir, { recursive: true, force: true });
});

describe('a bucket with Object Lock', () => {
  const me = testPrincipal();
  const append = (count: number): void => {
    for (let n = 0; n < count; n++)
      auth.emit(events.apiKeyCreated, me.tenantId, { apiKey: newId('apiKey'), scopes: [`n${n}`] });
  };
  const untilSize = (size: number) =>
    eventually(async () => expect((await fixture.call(audit.getLog, {}, me)).size).toBe(size));
  const base = `logs/prod/log/${me.tenantId}`;

  it('holds every tile and the checkpoint, and forgets what is partial once it is full', async () => {
    append(200);
    await untilSize(200);
    append(100);
    await untilSize(300);
    const checkpoint = await s3('GET', `${base}/checkpoint`);
    expect(checkpoint.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(parseCheckpoint(parseNote(await checkpoint.text()).text).size).toBe(300);
    for (const tile of newTiles(0, 300)) expect((await s3('GET', `${base}/${tilePath(tile)}`)).status).toBe(200);
    expect((await s3('GET', `${base}/tile/0/000.p/200`)).status).toBe(404);
  });

  it('is read, or that fails: nothing is there only when the bucket says so', async () => {
    const config = fixture.service.app.get<AuditConfig>(CONFIG);
    const read = (url: string, path: string) => s3LogStore(new URL(url), config).read(path);
    expect(await read('s3://logs/prod', `log/${me.tenantId}/none`)).toBeUndefined();
    await expect(read('s3://none/prod', `log/${me.tenantId}/checkpoint`)).rejects.toThrow(/404 NoSuchBucket/);
  });

  it('lets nobody take a full tile or a checkpoint away', async () => {
    for (const path of ['tile/0/000', 'tile/entries/000', 'checkpoint']) {
      const head = await s3('HEAD', `${base}/${path}`);
      expect(head.headers.get('x-amz-object-lock-mode')).toBe('COMPLIANCE');
      expect(Date.parse(head.headers.get('x-amz-object-lock-retain-until-date')!)).toBeGreaterThan(
        Date.now() + 300 * 86_400_000,
      );
      const version = head.headers.get('x-amz-version-id')!;
      expect((await s3('DELETE', `${base}/${path}?versionId=${version}`)).status).toBe(403);
    }
  });

  it('remembers what a restored database does not: that log is refused', async () => {
    await fixture.service.stop();
    const restore = await fixture.database.backup();
    await fixture.restart();
    append(1);
    await untilSize(301);
    await fixture.service.stop();
    await restore();
    await fixture.restart();
    await eventually(async () =>
      expect((await fixture.call(audit.getLog, {}, me)).refused).toMatchObject({ reason: 'smaller', keptSize: 301 }),
    );
  });
});
