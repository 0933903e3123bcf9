import {
  disclosuresOf,
  RECEIPT_MEDIA_TYPE,
  sigstoreBundleOf,
  type Disclosure,
  type ReceiptFile,
} from '@conclave/consensus-core';
import { ConclaveError, consensus, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Controller, Inject } from '@nestjs/common';
import { PostgresDecisions } from '../decisions/postgres-decisions.js';
import { EnvelopeSigner } from './envelope-signer.js';
import { PostgresReceipts } from './postgres-receipts.js';

@Controller()
export class ReceiptsController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresDecisions) private readonly decisions: PostgresDecisions,
    @Inject(PostgresReceipts) private readonly receipts: PostgresReceipts,
    @Inject(EnvelopeSigner) private readonly signer: EnvelopeSigner,
  ) {}

  @Handles(consensus.getReceipt)
  async receipt(ctx: RequestContext, { id, format }: RequestOf<typeof consensus.getReceipt>) {
    const { decision, receipt } = await this.db.tx(ctx, async (tx) => ({
      ...(await this.decisions.read(tx, ctx, id)),
      receipt: await this.receipts.find(tx, ctx, id),
    }));
    if (!receipt) throw new ConclaveError('consensus.decision.phase', { phase: decision.phase });
    const { envelope, entry, proof } = receipt;
    if (!entry || !proof) throw new ConclaveError('consensus.receipt.pending', { id });
    if (format === 'sigstore') return sigstoreBundleOf(envelope);
    const file: ReceiptFile = {
      mediaType: RECEIPT_MEDIA_TYPE,
      envelope,
      log: { entry, proof },
      disclosures: disclosuresOf(decision),
    };
    return fileOnWire(file);
  }

  @Handles(consensus.listReceiptKeys)
  async keys() {
    const { keyid, publicKey } = this.signer;
    return { items: [{ keyid, algorithm: 'ed25519' as const, publicKey }] };
  }
}

/** The file as its contract spells it: the same members, without their names. */
function fileOnWire({ envelope, disclosures, ...rest }: ReceiptFile) {
  return {
    ...rest,
    envelope: { ...envelope, signatures: envelope.signatures.map((signature) => ({ ...signature })) },
    disclosures: disclosures.map((disclosure: Disclosure) => ({ ...disclosure })),
  };
}
