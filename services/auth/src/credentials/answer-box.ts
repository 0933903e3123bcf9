import { randomUUID } from 'node:crypto';
import { ConclaveError } from '@conclave/contracts';
import { CONFIG, type RequestContext } from '@conclave/nest-kit';
import type { Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { AuthConfig } from '../config.js';
import { DataKeys, type DataKey } from '../data-keys/data-keys.js';
import { NamedSeals } from '../data-keys/named-seals.js';
import { PepperBox } from './pepper-box.js';

const PURPOSE = 'stored-answer';

/** One answer that shows something once. */
export interface OneTimeAnswer {
  /** What stands for it in the answer that is stored. */
  seal(tx: Tx, text: string, name: string): Promise<string>;
  /** What is shown; after the transaction. @throws ConclaveError `request.idempotency-forgotten` */
  open(sealed: string, name: string): Promise<string>;
}

/**
 * Seals what is shown once. A repeat under the same Idempotency-Key gets the same secret again, so the stored answer
 * holds it, sealed under a data key of the tenant that asked: the table alone opens nothing. An answer that no repeat can
 * ask for is not stored, and takes no key.
 */
@Injectable()
export class AnswerBox {
  private readonly old: PepperBox;

  constructor(
    private readonly keys: DataKeys,
    @Inject(CONFIG) config: Pick<AuthConfig, 'API_KEY_PEPPER'>,
  ) {
    this.old = new PepperBox(config, 'stored-answers');
  }

  /** Asked for before the transaction. @throws ConclaveError `service.unavailable` */
  async answer(ctx: RequestContext): Promise<OneTimeAnswer> {
    const key = ctx.idempotencyKey === undefined ? undefined : await this.keys.forSealing(ctx, PURPOSE);
    const placeOf = (name: string) => ({ place: [ctx.tenantId, PURPOSE, 'sealed', name].join('|'), before: name });
    const seals = new NamedSeals(this.keysOfOne(), this.old);
    const made = new Map<string, string>();
    return {
      seal: async (tx, text, name) => {
        const sealed = key ? await seals.seal(tx, ctx, key, text, placeOf(name)) : randomUUID();
        made.set(sealed, text);
        return sealed;
      },
      open: async (sealed, name) => {
        const text = made.get(sealed) ?? (await seals.open(ctx, sealed, placeOf(name)));
        if (text === undefined) throw new ConclaveError('request.idempotency-forgotten');
        return text;
      },
    };
  }

  /** An answer may hold ten texts under one key, which is held and unwrapped once for all of them. */
  private keysOfOne(): Pick<DataKeys, 'hold' | 'forOpening'> {
    const opened = new Map<string, Promise<DataKey | undefined>>();
    let held: Promise<void> | undefined;
    return {
      hold: (tx, ctx, key) => (held ??= this.keys.hold(tx, ctx, key)),
      forOpening: (ctx, id) => {
        const key = opened.get(id) ?? this.keys.forOpening(ctx, id);
        opened.set(id, key);
        return key;
      },
    };
  }
}
