/**
 * Who works hears at once that there is something to do, or that what it does is in vain: in this process by a call, in
 * others by a bell on the bus. A bell may be lost; then the worker's own looks find out.
 */
import { randomBytes } from 'node:crypto';
import { runsEnded, turnsReady, type PeerSubject } from '@conclave/contracts';
import { decodeBody, encodeBody, publishGathered, type Kit } from '@conclave/nest-kit';
import type { z } from 'zod';
import type { ClaimedTurn } from './claimed-turn.js';
import type { Room } from './postgres-create.js';

export interface Hearer {
  /** Something can be claimed. @returns whether there is room for it here */
  wake(): boolean;
  /** Has `wanted` turns made, with room for all of them or none. @returns how many it took */
  make(wanted: number, make: Make): Promise<number>;
  /** These runs were ended from outside. */
  drop(runs: readonly string[]): void;
}

/** Makes turns ready to be claimed, or the worker's at once where there is room: those it returns. */
export type Make = (room?: Room) => Promise<readonly ClaimedTurn[]>;

/** The bus; a process alone needs none. */
type Bus = Pick<Kit, 'nats' | 'log'>;

export class Bells {
  private readonly self = randomBytes(8).toString('hex');
  private hearer: Hearer | undefined;
  private unsubscribe: (() => void)[] = [];

  constructor(private readonly bus?: Bus) {}

  /** This process works from now on. */
  hear(hearer: Hearer): void {
    this.hearer = hearer;
    this.unsubscribe = [
      this.on(turnsReady, () => void hearer.wake()),
      this.on(runsEnded, ({ runs }) => hearer.drop(runs)),
    ];
  }

  /** It no longer does. */
  leave(): void {
    this.hearer = undefined;
    for (const unsubscribe of this.unsubscribe.splice(0)) unsubscribe();
  }

  /** Something became claimable: for the worker of this process, or for all others when it has no room. */
  ready(): void {
    if (!this.hearer?.wake()) this.pass();
  }

  /** Turns are about to be made: the worker of this process may take them at once, others hear of the rest. */
  async make(wanted: number, make: Make): Promise<void> {
    const taken = this.hearer ? await this.hearer.make(wanted, make) : (await make()).length;
    if (taken < wanted) this.ready();
  }

  /** There is more to claim than the worker of this process can take. */
  pass(): void {
    this.ring(turnsReady, { from: this.self });
  }

  /** Runs were ended from outside. */
  ended(runs: readonly string[]): void {
    this.hearer?.drop(runs);
    this.ring(runsEnded, { from: this.self, runs: [...runs] });
  }

  private ring<Body extends z.ZodType>({ subject }: PeerSubject<Body>, body: z.input<Body>): void {
    if (!this.bus || this.bus.nats.isClosed()) return;
    publishGathered(this.bus.nats, subject, encodeBody(body));
  }

  private on<Body extends z.ZodType<{ readonly from: string }>>(
    { subject, body }: PeerSubject<Body>,
    take: (heard: z.output<Body>) => void,
  ): () => void {
    if (!this.bus) return () => undefined;
    const { nats, log } = this.bus;
    const subscription = nats.subscribe(subject, {
      callback: (error, message) => {
        try {
          if (error) throw error;
          const heard = body.parse(decodeBody(message.data));
          if (heard.from !== this.self) take(heard);
        } catch (fault) {
          log.warn({ err: fault, subject }, 'bell not understood');
        }
      },
    });
    return () => subscription.unsubscribe();
  }
}
