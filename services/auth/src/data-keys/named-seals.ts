import type { Actor, Tx } from '@conclave/postgres-kit';
import type { PepperBox } from '../credentials/pepper-box.js';
import type { DataKeys, DataKey } from './data-keys.js';

/** Where a text is kept, and how that place was spelled before data keys sealed it. */
export interface SealedPlace {
  readonly place: string;
  readonly before: string;
}

/** Stands between the id of the data key and what it sealed; base64 has none. */
const MARK = ':';

/**
 * Texts sealed under a data key of their tenant, which they name: `<data key>:<sealed>`. A text without a name is of the
 * time before, when one key that follows from the pepper sealed for all tenants: it opens, and nothing is sealed so again.
 */
export class NamedSeals {
  constructor(
    private readonly keys: Pick<DataKeys, 'hold' | 'forOpening'>,
    private readonly old: PepperBox,
  ) {}

  /** Seals in the transaction that writes it, under a key that was asked for before. */
  async seal(tx: Tx, ctx: Actor, key: DataKey, text: string, { place }: SealedPlace): Promise<string> {
    await this.keys.hold(tx, ctx, key);
    return key.id + MARK + key.box.seal(text, place);
  }

  /**
   * Undefined once its data key was destroyed.
   *
   * @throws ConclaveError `service.unavailable`; Error when it was changed or belongs to another place
   */
  async open(ctx: Actor, sealed: string, { place, before }: SealedPlace): Promise<string | undefined> {
    const [id = '', text] = sealed.split(MARK, 2);
    if (text === undefined) return this.old.open(sealed, before);
    return (await this.keys.forOpening(ctx, id))?.box.open(text, place);
  }
}
