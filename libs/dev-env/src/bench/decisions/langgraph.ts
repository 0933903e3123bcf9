/** LangGraph: the same vote as a graph of five voters side by side and one that counts, its checkpoints in Postgres. */
import { generateKeyPairSync, randomUUID, sign, verify } from 'node:crypto';
import type { Contestant, Job } from '../engine/contestant.js';
import { peerModule } from '../engine/peers.js';

interface Vote {
  readonly voter: number;
  readonly said: string;
  readonly signature: string;
}
interface State {
  readonly payload: string;
  readonly votes: readonly Vote[];
  readonly outcome: string;
}
interface Graph {
  addNode(name: string, work: (state: State) => Promise<Partial<State>>): Graph;
  addEdge(from: string | readonly string[], to: string): Graph;
  compile(options: object): { invoke(input: object, options: object): Promise<State> };
}
interface LangGraph {
  readonly StateGraph: new (state: unknown) => Graph;
  readonly Annotation: (<T>(options?: object) => T) & { Root(shape: object): unknown };
  readonly START: string;
  readonly END: string;
}
interface Checkpoints {
  readonly PostgresSaver: new (pool: unknown) => { setup(): Promise<void> };
}
interface Postgres {
  readonly default: { readonly Pool: new (options: object) => { end(): Promise<void> } };
}

const VOTERS = 5;

export async function open({ databaseUrl }: { readonly databaseUrl: string }): Promise<Contestant> {
  const { StateGraph, Annotation, START, END } = await peerModule<LangGraph>('@langchain/langgraph');
  const { PostgresSaver } = await peerModule<Checkpoints>('@langchain/langgraph-checkpoint-postgres');
  const { default: pg } = await peerModule<Postgres>('pg');
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 40 });
  const saver = new PostgresSaver(pool);
  await saver.setup();
  const keys = Array.from({ length: VOTERS }, () => generateKeyPairSync('ed25519'));
  const state = Annotation.Root({
    payload: Annotation(),
    votes: Annotation({ reducer: (a: Vote[], b: Vote[]) => [...a, ...b], default: () => [] }),
    outcome: Annotation(),
  });
  const graph = new StateGraph(state);
  const names = keys.map((_, voter) => `voter${voter}`);
  for (const [voter, name] of names.entries()) {
    graph.addNode(name, async ({ payload }) => {
      const said = `yes ${payload}`;
      return {
        votes: [{ voter, said, signature: sign(null, Buffer.from(said), keys[voter]!.privateKey).toString('base64') }],
      };
    });
    graph.addEdge(START, name);
  }
  graph.addNode('count', async ({ votes }) => {
    const valid = votes.filter(({ voter, said, signature }) =>
      verify(null, Buffer.from(said), keys[voter]!.publicKey, Buffer.from(signature, 'base64')),
    );
    return { outcome: valid.length === VOTERS ? 'approved' : 'rejected' };
  });
  const voting = graph.addEdge(names, 'count').addEdge('count', END).compile({ checkpointer: saver });
  return {
    async run({ payload, steps }: Job) {
      if (steps !== VOTERS) throw new Error('its graph has five voters');
      const thread = { configurable: { thread_id: randomUUID() }, durability: 'sync' };
      const { outcome } = await voting.invoke({ payload }, thread);
      if (outcome !== 'approved') throw new Error(`a vote ended as ${outcome}`);
    },
    close: () => pool.end(),
  };
}
