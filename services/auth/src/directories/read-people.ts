import { ConclaveError, events, problemOf } from '@conclave/contracts';
import { Egress } from '@conclave/nest-kit/egress';
import { Database, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import SCIMMY from 'scimmy';
import { ConnectionSecrets } from '../connections/connection-secrets.js';
import { insertIdentity, lockIdentity } from '../identities/postgres-identities.js';
import { ScimUsers } from '../scim/scim-users.js';
import { received } from '../scim/resources.js';
import { ReadingFailed, auth0People, type Person } from './auth0-people.js';
import {
  directoryAt,
  keepOutcome,
  knownAt,
  type DirectoryRow,
  type Known,
  type Outcome,
  type Place,
} from './postgres-directories.js';

/** So many memberships may end in any reading. */
const FEW = 5;
/** Of all that are active; more has to be allowed. */
const LARGEST_PART = 0.2;
const SKIPPED_SHOWN = 20;

/** What a reading would do to whom. */
interface Plan {
  readonly found: number;
  readonly joining: readonly Person[];
  /** Whom the directory describes, and who they are now. */
  readonly described: readonly { readonly id: string; readonly person: Person }[];
  /** Whom the provider has no more. */
  readonly gone: readonly Known[];
  readonly kept: number;
  readonly ending: number;
  readonly active: number;
}

/**
 * Makes members of whom the provider has, and ends those whom it blocked or has no more, as a directory that pushes them
 * would: the same people, the same rules (`ScimUsers`). What the provider calls them is linked, so that they can sign in;
 * an address joins nobody. A reading that fails half way is read again, and ends nobody before it has read everybody.
 */
@Injectable()
export class ReadPeople {
  constructor(
    private readonly db: Database,
    private readonly egress: Egress,
    private readonly secrets: ConnectionSecrets,
    private readonly users: ScimUsers,
  ) {}

  async run(place: Place): Promise<void> {
    const actor = { tenantId: place.tenantId, actor: 'service:auth' };
    const row = await directoryAt(this.db.autocommit(actor), place);
    if (!row) return;
    const outcome = await this.outcomeOf(actor, place, row);
    await this.db.tx(actor, async (tx) => {
      if (!(await keepOutcome(tx, place, row, outcome)) || outcome.dryRun) return;
      const { state, added, changed, ended } = outcome;
      await tx.emit(events.directoryRead, { connection: place.connectionId, state, added, changed, ended });
    });
  }

  private async outcomeOf(
    actor: { tenantId: string; actor: string },
    place: Place,
    row: DirectoryRow,
  ): Promise<Outcome> {
    const { dryRun = false, mayEnd = 0 } = row.asked;
    const nothing = { dryRun, found: 0, added: 0, changed: 0, ended: 0, kept: 0, skipped: [] };
    const at = () => new Date().toISOString();
    try {
      const secret = await this.secrets.open(actor, 'directory', place.connectionId, row.secret_sealed);
      if (secret === undefined) throw new ReadingFailed('the key its secret was sealed under was destroyed');
      const people = await auth0People(this.egress, row.settings, secret);
      const plan = planOf(people, await knownAt(this.db.autocommit(actor), place, row.workspace_id));
      const { found, kept, ending, active } = plan;
      if (ending > Math.max(FEW, active * LARGEST_PART, mayEnd)) {
        const reason = `${ending} of ${active} memberships would end: if that is right, read with mayEnd ${ending}`;
        return { ...nothing, state: 'refused', at: at(), found, kept, reason };
      }
      if (dryRun)
        return { ...nothing, state: 'done', at: at(), found, kept, added: plan.joining.length, ended: ending };
      return { ...nothing, ...(await this.carryOut(actor, place, row, plan)), state: 'done', at: at(), found, kept };
    } catch (error) {
      if (!(error instanceof ReadingFailed)) throw error;
      return { ...nothing, state: 'failed', at: at(), reason: error.message };
    }
  }

  private async carryOut(
    actor: { tenantId: string; actor: string },
    place: Place,
    { workspace_id: workspaceId }: DirectoryRow,
    plan: Plan,
  ): Promise<Pick<Outcome, 'added' | 'changed' | 'ended' | 'skipped'>> {
    const skipped: { subject: string; reason: string }[] = [];
    const count = { added: 0, changed: 0, ended: 0 };
    const directory = { tenantId: place.tenantId, workspaceId };
    const each = async <T>(subject: string, work: (tx: Tx) => Promise<T>): Promise<T | undefined> => {
      try {
        return await this.db.tx(actor, work);
      } catch (error) {
        if (!(error instanceof ConclaveError || error instanceof SCIMMY.Types.Error)) throw error;
        skipped.push({ subject, reason: error instanceof ConclaveError ? problemOf(error).code : error.message });
        return undefined;
      }
    };
    for (const { subject, resource } of plan.joining) {
      const made = await each(subject, async (tx) => {
        const key = { ...place, subject };
        if (await lockIdentity(tx, key)) return undefined;
        const { id } = (await this.users.create(tx, directory, received('Users', resource))) as { readonly id: string };
        await insertIdentity(tx, key, id, new Date());
        await tx.emit(events.identityLinked, { connection: place.connectionId, principal: id, by: 'directory' });
        return id;
      });
      if (made !== undefined) count.added += 1;
    }
    const become = (id: string, subject: string, change: (before: object) => object) =>
      each(subject, async (tx) => {
        const before = await this.users.read(tx, directory, id, true);
        const after = await this.users.become(tx, directory, id, received('Users', change(before) as never));
        if (after['meta'] === before['meta'] || versionOf(after) === versionOf(before)) return;
        if (before['active'] !== false && after['active'] === false) count.ended += 1;
        else count.changed += 1;
      });
    for (const { id, person } of plan.described) await become(id, person.subject, () => person.resource);
    for (const { id, subject } of plan.gone) await become(id, subject, (before) => ({ ...before, active: false }));
    return { ...count, skipped: skipped.slice(0, SKIPPED_SHOWN) };
  }
}

function planOf(people: readonly Person[], known: readonly Known[]): Plan {
  const bySubject = new Map(known.map((one) => [one.subject, one]));
  const there = new Map(people.map((person) => [person.subject, person]));
  const described = people.flatMap((person) => {
    const one = bySubject.get(person.subject);
    return one?.described ? [{ ...one, person }] : [];
  });
  const gone = known.filter((one) => one.described && one.active && !there.has(one.subject));
  return {
    found: people.filter(({ blocked }) => !blocked).length,
    joining: people.filter(({ subject, blocked }) => !blocked && !bySubject.has(subject)),
    described,
    gone,
    kept: people.filter(({ subject }) => bySubject.get(subject)?.described === false).length,
    ending: gone.length + described.filter(({ active, person }) => active && person.blocked).length,
    active: known.filter((one) => one.described && one.active).length,
  };
}

const versionOf = (resource: object): unknown => (resource as { meta: { version: unknown } }).meta.version;
