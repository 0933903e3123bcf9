import { Inject, Injectable } from '@nestjs/common';
import { KIT, type Kit } from '@conclave/nest-kit';
import { Counter, Gauge, Histogram } from 'prom-client';

/** What the engine counts and times. */
@Injectable()
export class EngineMetrics {
  readonly turns: Counter<'outcome'>;
  readonly running: Gauge;
  readonly commands: Gauge;
  readonly slots: Gauge;
  readonly claimSeconds: Histogram;
  readonly batchSize: Histogram<'lane'>;

  constructor(@Inject(KIT) { metrics }: Pick<Kit, 'metrics'>) {
    const registers = [metrics];
    this.turns = new Counter({
      name: 'conclave_turns_total',
      help: 'Turns ended, by outcome.',
      labelNames: ['outcome'],
      registers,
    });
    this.running = new Gauge({
      name: 'conclave_turns_running',
      help: 'Turns under way in this worker.',
      registers,
    });
    this.commands = new Gauge({
      name: 'conclave_commands_running',
      help: 'Commands under way in this worker that have outlasted their turns.',
      registers,
    });
    this.slots = new Gauge({
      name: 'conclave_worker_slots',
      help: 'Turns this worker runs at once.',
      registers,
    });
    this.claimSeconds = new Histogram({
      name: 'conclave_claim_seconds',
      help: 'How long a look for ready turns took.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1],
      registers,
    });
    this.batchSize = new Histogram({
      name: 'conclave_lane_batch_size',
      help: 'Items that shared a transaction, by lane.',
      labelNames: ['lane'],
      buckets: [1, 2, 4, 8, 16, 32, 64, 128],
      registers,
    });
  }
}
