import type { Connection, Statement, Terms } from './connections.js';
import { isSilence, isStalePlan } from './outage.js';

/** Reads of one connection at once: more of them would wait longer for each other than for a second one. */
const TOGETHER = 16;

interface Waiting {
  readonly statement: Statement;
  readonly terms: Terms;
  readonly resolve: (rows: never[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads that come in one turn of the event loop leave in one piece, each a transaction of its own. A read holds no lock
 * that another one would wait for, so none of them can keep the others from their end.
 */
export class SharedReads {
  private gathered: Waiting[] = [];

  /** `lend` lends a connection. */
  constructor(private readonly lend: (use: (connection: Connection) => Promise<void>) => Promise<void>) {}

  read<Row extends object>(statement: Statement, terms: Terms): Promise<Row[]> {
    return new Promise<Row[]>((resolve, reject) => {
      if (this.gathered.length === 0) setImmediate(() => this.send());
      this.gathered.push({ statement, terms, resolve, reject });
    });
  }

  private send(): void {
    const gathered = this.gathered;
    this.gathered = [];
    for (let at = 0; at < gathered.length; at += TOGETHER) {
      const some = gathered.slice(at, at + TOGETHER);
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
