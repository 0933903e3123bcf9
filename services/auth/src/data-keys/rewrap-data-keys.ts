import { ConclaveError, events } from '@conclave/contracts';
import { Database } from '@conclave/postgres-kit';
import { replaceSigningKeyWrapping, signingKeys, type SigningKeyRow } from '../oauth/postgres-signing-keys.js';
import { placeOfSigningKey } from '../oauth/signing-keys.js';
import { placeOf } from './data-keys.js';
import type { KeyEncryption, WrappedKey } from './key-encryption.js';
import { dataKey, replaceWrapping, wrappedOtherwise } from './postgres-data-keys.js';

const BATCH = 100;
/** So many keys in a row that cannot be had are an outage of what opens them, not a fault of theirs. */
const OUTAGE_ROWS = 20;

/** A key that stays as it is, since it did not open. */
export interface Unopened {
  /** None of a key that signs access tokens. */
  readonly tenant?: string;
  readonly key: string;
  readonly keyId: string;
  readonly why: string;
}

export interface Rewrapped {
  readonly rewrapped: number;
  readonly unopened: readonly Unopened[];
  /** What everything else is wrapped under now. */
  readonly keyId: string;
}

/** A key to wrap anew, wherever it is kept. */
interface Row {
  readonly tenant?: string;
  readonly id: string;
  readonly place: string;
  readonly before: WrappedKey;
  /** False when somebody else was quicker. */
  replace(after: WrappedKey): Promise<boolean>;
}

/**
 * Wraps every tenant's data keys, and the keys that sign access tokens, under the current key-encryption key; the secrets
 * below stay as they are. What is done is done: begun again after a crash it takes what is left. Nobody has to wait for it,
 * as a key is replaced in one statement, and both wrappings open.
 *
 * A key that does not open stays and is told of, and the others go on; it is tried once more at the end.
 */
export class RewrapDataKeys {
  constructor(
    private readonly db: Database,
    private readonly keys: KeyEncryption,
  ) {}

  /** @throws whatever wrapping fails with; ConclaveError `service.unavailable` when what opens the keys is away */
  async run(): Promise<Rewrapped> {
    const keyId = await this.keys.current();
    const first = await this.pass(this.everyRow(keyId));
    const second = await this.pass(first.left.map(([row]) => row));
    const unopened = second.left.map(([{ tenant, id, before }, why]) => ({
      ...(tenant === undefined ? {} : { tenant }),
      ...{ key: id, keyId: before.keyId, why: reasonOf(why) },
    }));
    return { rewrapped: first.rewrapped + second.rewrapped, unopened, keyId };
  }

  private async pass(rows: AsyncIterable<Row> | Iterable<Row>) {
    const left: [Row, unknown][] = [];
    let [rewrapped, away] = [0, 0];
    for await (const row of rows) {
      const opened = await this.keys.unwrap(row.before, row.place).catch((error: unknown) => {
        left.push([row, error]);
        away = isAway(error) ? away + 1 : 0;
        if (away >= OUTAGE_ROWS) throw error;
      });
      if (!opened) continue;
      away = 0;
      if (await row.replace(await this.keys.wrap(opened, row.place))) rewrapped++;
    }
    return { rewrapped, left };
  }

  private async *everyRow(keyId: string): AsyncGenerator<Row> {
    for (let after = { tenantId: '', id: '' }; ;) {
      const batch = await this.db.system((tx) => wrappedOtherwise(tx, keyId, after, BATCH));
      for (const { tenantId, id } of batch) {
        const row = await this.dataKeyRow(tenantId, id);
        if (row) yield row;
      }
      const last = batch.at(-1);
      if (!last) break;
      after = last;
    }
    for (const key of await this.db.system(signingKeys)) if (key.keyId !== keyId) yield this.signingKeyRow(key);
  }

  private async dataKeyRow(tenant: string, id: string): Promise<Row | undefined> {
    const ctx = { tenantId: tenant, actor: 'service:auth' };
    const before = await dataKey(this.db.autocommit(ctx), tenant, id);
    if (!before) return undefined;
    const replace = (after: WrappedKey): Promise<boolean> =>
      this.db.tx(ctx, async (tx) => {
        if (!(await replaceWrapping(tx, tenant, before, after))) return false;
        await tx.emit(events.dataKeyRewrapped, { dataKey: id, purpose: before.purpose, keyId: after.keyId });
        return true;
      });
    return { tenant, id, place: placeOf(tenant, before), before, replace };
  }

  private signingKeyRow(before: SigningKeyRow): Row {
    const replace = (after: WrappedKey): Promise<boolean> =>
      this.db.system((tx) => replaceSigningKeyWrapping(tx, before, after));
    return { id: before.id, place: placeOfSigningKey(before.id), before, replace };
  }
}

const isAway = (error: unknown): boolean => error instanceof ConclaveError && error.code === 'service.unavailable';

/** In words for the operator who runs the job. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  if (!(error instanceof ConclaveError)) return message;
  return `${error.code} ${JSON.stringify(error.params)}: ${cause instanceof Error ? cause.message : message}`;
}
