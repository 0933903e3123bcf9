/** DBOS Transact: a workflow of memoised steps, started directly, which is its fastest way. */
import type { Contestant, Job } from './contestant.js';
import { peerModule } from './peers.js';

interface Dbos {
  setConfig(config: object): void;
  registerWorkflow<T>(work: (job: Job) => Promise<T>, options: object): (job: Job) => Promise<T>;
  runStep<T>(work: () => Promise<T>, options: object): Promise<T>;
  startWorkflow<T>(workflow: (job: Job) => Promise<T>): (job: Job) => Promise<{ getResult(): Promise<T> }>;
  launch(): Promise<void>;
  shutdown(): Promise<void>;
}

export async function open({ databaseUrl }: { readonly databaseUrl: string }): Promise<Contestant> {
  const { DBOS } = await peerModule<{ DBOS: Dbos }>('@dbos-inc/dbos-sdk');
  DBOS.setConfig({
    ...{ name: 'bench', systemDatabaseUrl: databaseUrl, systemDatabasePoolSize: 40 },
    ...{ logLevel: 'error', runAdminServer: false },
  });
  const workflow = DBOS.registerWorkflow(
    async ({ payload, steps }) => {
      for (let n = 1; n <= steps; n++) await DBOS.runStep(async () => ({ text: payload }), { name: `s${n}` });
      return { text: payload };
    },
    { name: 'workflow' },
  );
  await DBOS.launch();
  return {
    run: async (job) => void (await (await DBOS.startWorkflow(workflow)(job)).getResult()),
    close: () => DBOS.shutdown(),
  };
}
