import type { Connection, Statement, Terms } from './connections.js';
import { isSilence, isStalePlan } from './outage.js';

interface Waiting {
  readonly statement: Statement;
  readonly terms: Terms;
  readonly resolve: (rows: never[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Statements that come in one turn of the event loop leave in one piece, each a transaction of its own. What one of them
 * waits for, those behind it wait for, too: so they are such that wait for nobody who could be waiting for them.
 */
export class SharedTrips {
  private gathered: Waiting[] = [];

  /** `lend` lends a connection; `together` statements share one at most. */
  constructor(
    private readonly lend: (use: (connection: Connection) => Promise<void>) => Promise<void>,
    private readonly together: number,
  ) {}

  run<Row extends object>(statement: Statement, terms: Terms): Promise<Row[]> {
    return new Promise<Row[]>((resolve, reject) => {
      if (this.gathered.length === 0) setImmediate(() => this.send());
      this.gathered.push({ statement, terms, resolve, reject });
    });
  }

  private send(): void {
    const gathered = this.gathered;
    this.gathered = [];
    for (let at = 0; at < gathered.length; at += this.together) {
      const some = gathered.slice(at, at + this.together);
      this.lend((connection) => answerAll(connection, some)).catch((error: unknown) => {
        for (const { reject } of some) reject(error); // those that were answered are settled
      });
    }
  }
}

/** @throws what the connection is not to be used after */
async function answerAll(connection: Connection, some: readonly Waiting[]): Promise<void> {
  let broken: Error | undefined;
  await Promise.all(
    some.map(async ({ statement, terms, resolve, reject }) => {
      try {
        resolve(await connection.together<never>(terms, [statement]));
      } catch (error) {
        if (error instanceof Error && (isSilence(error) || isStalePlan(error))) broken = error;
        reject(error);
      }
    }),
  );
  if (broken) throw broken;
}
