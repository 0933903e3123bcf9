/**
 * Audit as `npm run bench -- decisions` runs it beside consensus: the whole service in a process of its own, which publishes
 * what decisions wait for. The bench loads this module by its path.
 */
import { bootstrapService } from '@conclave/nest-kit';
import { postgres } from '@conclave/postgres-kit';
import { AuditModule } from '../audit.module.js';
import { auditEnvironment } from '../config.js';
import { CheckpointSigner } from '../log/checkpoint-signer.js';
import { sequencing } from '../log/sequencer.js';
import { following } from '../records/follow-log.js';
import { witnessing } from '../witness/witnessing.js';

export async function open({ environment }: { readonly environment: Readonly<Record<string, string>> }) {
  const service = await bootstrapService(
    {
      name: 'audit',
      module: AuditModule,
      environment: auditEnvironment,
      resources: [postgres(), sequencing(), following(), witnessing()],
    },
    { ...environment, LOG_LEVEL: 'fatal' },
  );
  const signer = service.app.get(CheckpointSigner);
  return {
    run: () => Promise.reject(new Error('it is asked by other services')),
    operations: {
      /** @returns the verifier keys of a tenant's log */
      vkeys: async (tenantId: string) => signer.vkeysOf({ tenantId, number: 1 }),
    },
    close: () => service.stop(),
  };
}
