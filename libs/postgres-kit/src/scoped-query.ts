/**
 * One statement below a tenant's row-level security, as one message: its settings, itself, and the sync that ends both.
 * Postgres takes what comes before a sync for one transaction, so neither begin nor commit is sent, parsed and answered.
 */
import pg from 'pg';

/** A connection of the driver, as far as its types do not tell. */
interface Wire {
  readonly stream: { cork(): void; uncork(): void };
  readonly submittedNamedStatements: Record<string, string | undefined>;
  parse(query: { readonly text: string; readonly name: string }): void;
  bind(config: { readonly statement: string; readonly values: readonly unknown[] }): void;
  execute(portal: object): void;
}

/** A query of the driver, likewise: what it calls as the answers come. */
interface DriverQuery {
  /** What it notes as parsed when the server says so: of the settings, too, which are parsed after it. */
  readonly name: string | undefined;
  readonly text: string;
  hasBeenParsed(wire: Wire): unknown;
  prepare(wire: Wire): void;
  submit(wire: Wire): Error | null;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, wire: Wire): void;
}

const DriverQuery = pg.Query as unknown as new (
  config: { readonly text: string; readonly values: readonly unknown[]; readonly name: string | undefined },
  values: undefined,
  callback: (error: Error | null, result: { readonly rows: never[] }) => void,
) => DriverQuery;

export interface Scope {
  readonly tenantId: string;
  readonly timeoutMs: number | undefined;
  readonly readOnly?: boolean;
}

/** Texts are the program's own, so there are few; were some made on the way, they would not fill the server. */
const PREPARED_LIMIT = 1_000;
const preparedNames = new Map<string, string>();

/** Statements with parameters are parsed and planned once per connection: for a short one that is half of its cost. */
export function preparedName(sql: string): string | undefined {
  const known = preparedNames.get(sql);
  if (known !== undefined || preparedNames.size >= PREPARED_LIMIT) return known;
  const name = `s${preparedNames.size}`;
  preparedNames.set(sql, name);
  return name;
}

/** They end with the transaction, so a connection carries no tenant, no haste and no ban to the next. */
function settingsOf(scope: Scope): readonly [sql: string, values: readonly string[]] {
  const { tenantId, timeoutMs, readOnly } = scope;
  const values = [tenantId];
  const settings = ["set_config('app.tenant', $1, true)"];
  if (timeoutMs !== undefined)
    settings.push(`set_config('statement_timeout', $${values.push(String(Math.ceil(timeoutMs)))}, true)`);
  if (readOnly) settings.push("set_config('transaction_read_only', 'on', true)");
  return [`select ${settings.join(', ')}`, values];
}

/** Which settings a connection has prepared, or is about to. */
const prepared = new WeakMap<object, Map<string, 'sent' | 'there'>>();

export class ScopedQuery extends DriverQuery {
  private readonly settings: readonly [sql: string, values: readonly string[]];
  /** The settings it is the first to have prepared on its connection. */
  private introduces: string | undefined;
  private isSet = false;

  constructor(
    scope: Scope,
    [sql, params]: readonly [sql: string, params: readonly unknown[]],
    callback: (error: Error | null, result: { readonly rows: never[] }) => void,
  ) {
    super({ text: sql, values: [...params], name: preparedName(sql) }, undefined, callback);
    this.settings = settingsOf(scope);
  }

  override submit(wire: Wire): null {
    wire.stream.cork();
    this.parseFirst(wire);
    this.sendSettings(wire);
    this.prepare(wire);
    wire.stream.uncork();
    return null;
  }

  override handleDataRow(message: unknown): void {
    if (this.isSet) super.handleDataRow(message);
  }

  override handleCommandComplete(message: unknown, wire: Wire): void {
    if (this.isSet) return super.handleCommandComplete(message, wire);
    this.isSet = true;
    if (this.introduces !== undefined) prepared.get(wire)?.set(this.introduces, 'there');
  }

  /** Those behind it count on the statement, also when its own settings fail, and with them all that is sent after. */
  private parseFirst(wire: Wire): void {
    const { name, text } = this;
    if (name === undefined || this.hasBeenParsed(wire)) return;
    wire.parse({ text, name });
    wire.submittedNamedStatements[name] = text;
  }

  private sendSettings(wire: Wire): void {
    const [text, values] = this.settings;
    const known = prepared.get(wire) ?? new Map<string, 'sent' | 'there'>();
    prepared.set(wire, known);
    const name = preparedName(text) ?? '';
    const state = name === '' ? 'sent' : known.get(name);
    // Whether one that was sent has arrived is not known yet, and a second of its name would be refused.
    const statement = state === 'sent' ? '' : name;
    if (state !== 'there') wire.parse({ text, name: statement });
    if (state === undefined) {
      known.set(name, 'sent');
      this.introduces = name;
    }
    wire.bind({ statement, values });
    wire.execute({});
  }
}
