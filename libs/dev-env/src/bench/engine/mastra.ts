/** Mastra: a workflow of three steps whose snapshots are kept in Postgres. */
import type { Contestant, Job } from './contestant.js';
import { peerModule } from './peers.js';

interface Run {
  start(input: object): Promise<{ readonly status: string }>;
}
interface Workflow {
  then(step: unknown): Workflow;
  commit(): Workflow;
}
interface Core {
  readonly Mastra: new (options: object) => { getWorkflow(id: string): { createRun(): Promise<Run> } };
}
interface Workflows {
  readonly createWorkflow: (options: object) => Workflow;
  readonly createStep: (options: object) => unknown;
}
interface Storage {
  readonly PostgresStore: new (options: object) => { init?(): Promise<void>; close?(): Promise<void> };
}
interface Zod {
  readonly z: { object(shape: object): unknown; string(): unknown };
}

export async function open({ databaseUrl }: { readonly databaseUrl: string }): Promise<Contestant> {
  const { Mastra } = await peerModule<Core>('@mastra/core');
  const { createWorkflow, createStep } = await peerModule<Workflows>('@mastra/core/workflows');
  const { PostgresStore } = await peerModule<Storage>('@mastra/pg');
  const { z } = await peerModule<Zod>('zod');
  const schema = z.object({ text: z.string() });
  const execute = async ({ inputData }: { readonly inputData: { readonly text: string } }) => inputData;
  const step = (id: string) => createStep({ id, inputSchema: schema, outputSchema: schema, execute });
  const workflow = createWorkflow({ id: 'workflow', inputSchema: schema, outputSchema: schema })
    .then(step('s1'))
    .then(step('s2'))
    .then(step('s3'))
    .commit();
  const storage = new PostgresStore({ id: 'bench', connectionString: databaseUrl, max: 40 });
  const mastra = new Mastra({ workflows: { workflow }, storage, logger: false });
  await storage.init?.();
  return {
    async run({ payload, steps }: Job) {
      if (steps !== 3) throw new Error('its workflow has three steps');
      const run = await mastra.getWorkflow('workflow').createRun();
      const { status } = await run.start({ inputData: { text: payload } });
      if (status !== 'success') throw new Error(`a workflow ended as ${status}`);
    },
    close: async () => storage.close?.(),
  };
}
