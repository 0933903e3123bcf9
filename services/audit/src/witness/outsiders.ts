import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@conclave/nest-kit';
import type { AuditConfig } from '../config.js';
import { StampCheckpoint } from '../timestamps/stamp-checkpoint.js';
import type { Witness } from './config.js';
import { HeldProofs } from './held-proofs.js';
import type { WitnessedLog } from './postgres-witnessing.js';
import { SubmitCheckpoint } from './submit-checkpoint.js';

/** Somebody outside to whom heads are shown, each log when it is its turn. */
export interface Outsider {
  readonly name: string;
  due(limit: number, busy: readonly string[]): Promise<WitnessedLog[]>;
  turn(log: WitnessedLog): Promise<void>;
}

/** Whom the configuration names: witnesses that cosign, an authority that stamps. */
@Injectable()
export class Outsiders {
  readonly all: readonly Outsider[];

  constructor(
    @Inject(CONFIG) config: AuditConfig,
    @Inject(SubmitCheckpoint) private readonly submit: SubmitCheckpoint,
    @Inject(HeldProofs) private readonly held: HeldProofs,
    @Inject(StampCheckpoint) private readonly stamp: StampCheckpoint,
  ) {
    const { AUDIT_WITNESSES: witnesses, AUDIT_TIMESTAMP_URL: authority } = config;
    this.all = [
      ...witnesses.map((witness) => this.cosigner(witness)),
      ...(authority === undefined ? [] : [this.authority(authority)]),
    ];
  }

  private cosigner(witness: Witness): Outsider {
    return {
      name: witness.key.name,
      due: (limit, busy) => this.submit.due(witness, limit, busy),
      turn: async (log) => {
        const cosigned = await this.submit.run(log, witness);
        if (cosigned !== undefined) await this.held.tell(log.tenantId, cosigned);
      },
    };
  }

  private authority(url: string): Outsider {
    return {
      name: url,
      due: (limit, busy) => this.stamp.due(url, limit, busy),
      turn: (log) => this.stamp.run(log, url),
    };
  }
}
