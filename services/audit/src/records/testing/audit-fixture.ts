import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { audit, type RequestInputOf, records } from '@conclave/contracts';
import {
  eventually,
  startServiceFixture,
  type EventSource,
  type ServiceFixture,
  type TestPrincipal,
} from '@conclave/dev-env/testing';
import { wireHeaders } from '@conclave/nest-kit';
import { postgres } from '@conclave/postgres-kit';
import type { NoteKey } from '@conclave/audit-core';
import { AuditModule } from '../../audit.module.js';
import { auditEnvironment } from '../../config.js';
import { CheckpointSigner } from '../../log/checkpoint-signer.js';
import { sequencing } from '../../log/sequencer.js';
import { following } from '../follow-log.js';

export interface AuditFixture extends ServiceFixture {
  readonly signer: CheckpointSigner;
  readonly runtime: EventSource;
  readonly auth: EventSource;
  readonly delivery: EventSource;
  /** The keys an auditor pins for a tenant's log. */
  logsOf(as: TestPrincipal): NoteKey[];
  untilSize(as: TestPrincipal, size: number): Promise<void>;
  /** What a reader of an export's content is answered. */
  read(as: TestPrincipal, id: string): Promise<Response>;
  /** The lines of a new export. */
  exported(as: TestPrincipal, request?: Partial<RequestInputOf<typeof records.createExport>>): Promise<string[]>;
}

/** A signer with a key of its own. */
export function newSigner(): { readonly signer: CheckpointSigner; readonly key: string } {
  const key = generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' });
  const AUDIT_SIGNING_KEY = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  return {
    signer: new CheckpointSigner({ AUDIT_SIGNING_KEY, AUDIT_LOG_HOST: 'log.example' }),
    key: key.toString('base64'),
  };
}

/** Audit as it runs, with its readers and with services that have events for it. */
export async function startAudit(): Promise<AuditFixture> {
  const { signer, key } = newSigner();
  const spec = {
    name: 'audit',
    module: AuditModule,
    environment: auditEnvironment,
    resources: [postgres(), sequencing(), following()],
  } as const;
  const fixture = await startServiceFixture(spec, { AUDIT_SIGNING_KEY: key, AUDIT_LOG_HOST: 'log.example' });

  async function read(as: TestPrincipal, id: string): Promise<Response> {
    const token = await (await fixture.bus.as('auth')).tokens.sign(as, 60_000);
    const headers = { [wireHeaders.token]: token, [wireHeaders.deadline]: String(Date.now() + 30_000) };
    return fetch(`${fixture.service.url}/v1/audit/exports/${id}/content`, { headers });
  }

  return Object.assign(fixture, {
    signer,
    runtime: await fixture.eventsOf('runtime'),
    auth: await fixture.eventsOf('auth'),
    delivery: await fixture.eventsOf('delivery'),
    logsOf: ({ tenantId }: TestPrincipal) => signer.keysOf({ tenantId, number: 1 }),
    untilSize: (as: TestPrincipal, size: number) =>
      eventually(async () => {
        const log = await fixture.call(audit.getLog, {}, as);
        if (log.size < size) throw new Error(`the log has ${log.size} entries`);
      }),
    read,
    async exported(as: TestPrincipal, request: Partial<RequestInputOf<typeof records.createExport>> = {}) {
      const { id } = await fixture.call(records.createExport, { format: 'jsonl', ...request }, as);
      const response = await read(as, id);
      return (await response.text()).split('\n').filter((line) => line !== '');
    },
  });
}
