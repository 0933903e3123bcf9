/**
 * What the commands talk to, without services: the public API spelled by the contracts, over real HTTP. It opens the
 * bundle it is sent, lets the real checks judge it, and seals a real receipt; requests and replies are held to the
 * contracts on both sides.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { DsseEnvelope } from '@conclave/audit-core';
import { sigstoreBundleOf } from '@conclave/consensus-core';
import {
  audit,
  auth,
  budgets,
  caps,
  ConclaveError,
  consensus,
  contracts,
  models,
  newId,
  permissions,
  problemOf,
  runtime,
  secrets,
  type Budget,
  type Contract,
  type ReplyOf,
  type RequestOf,
  type ReviewResult,
  type Run,
  type RunEvent,
} from '@conclave/contracts';
import { Court } from './court.js';
import { FakeRuns, type Handler } from './fake-runs.js';
import { FakeTenants } from './fake-tenants.js';
import { FakeTokens } from './fake-tokens.js';

export class TestPlatform {
  readonly key = 'ck_test';
  readonly seen: { contract: Contract; request: unknown; headers: IncomingMessage['headers'] }[] = [];
  /** How often the receipt is still pending. */
  pending = 1;
  /** Changes what the panel found, before anybody reads it. */
  tamper: (result: ReviewResult) => ReviewResult = (result) => result;
  /** Ends runs in another way. */
  failure: Run['failure'];
  /** Cuts the first stream of events after this many. */
  cutAfter: number | undefined;
  /** Refuses every call of a contract. */
  readonly refusals = new Map<Contract, ConclaveError>();
  /** Logins. */
  readonly tokens = new FakeTokens();
  /** Runs of agents' tasks. */
  readonly agents = new FakeRuns();
  private readonly budgets: Budget[] = [];
  private fallbacks: readonly string[] = [];
  private caps: ReplyOf<typeof caps.listCaps>['items'] = [];
  readonly tenants = new FakeTenants();
  /** With their values. */
  readonly secrets: (ReplyOf<typeof secrets.createSecret> & { value: string })[] = [];
  private readonly handlers = new Map<Contract, Handler>();
  private readonly runs = new Map<string, { run: Run; events: RunEvent[]; result: ReviewResult; receipt: object }>();

  private constructor(
    private readonly server: Server,
    readonly court: Court,
  ) {
    const on = <C extends Contract>(
      contract: C,
      handler: (request: RequestOf<C>, exchange: Parameters<Handler>[1]) => unknown,
    ) => this.handlers.set(contract, handler);
    on(runtime.createUpload, async (_, { request }) => court.keep(await buffer(request)));
    on(runtime.createReview, (request) => this.review(request));
    const { agents } = this;
    for (const [contract, handler] of agents.handlers) this.handlers.set(contract, handler);
    on(runtime.getRun, ({ id }) => agents.runOf(id) ?? this.find(id).run);
    on(runtime.listRuns, () => ({ items: [...agents.all(), ...[...this.runs.values()].map(({ run }) => run)] }));
    on(runtime.getRunResult, ({ id }) => agents.resultOf(id) ?? this.find(id).result);
    on(
      runtime.streamRunEvents,
      ({ id, after }, { response }) =>
        agents.stream(id, after, response) || this.stream(this.find(id).events, after, response),
    );
    on(consensus.getReceipt, ({ id, format }) => {
      if (this.pending-- > 0) throw new ConclaveError('consensus.receipt.pending');
      const { receipt } = [...this.runs.values()].find(({ result }) => result.decision === id)!;
      return format === 'sigstore' ? sigstoreBundleOf((receipt as { envelope: DsseEnvelope }).envelope) : receipt;
    });
    on(consensus.listReceiptKeys, () => ({ items: [court.receiptKey] }));
    on(consensus.listDecisions, () => ({ items: [] }));
    on(audit.getLog, () => ({ origin: court.origin, vkey: court.vkey, size: court.size }));
    on(audit.getCheckpoint, () => court.checkpoint());
    on(audit.getConsistencyProof, ({ from, to = 0 }) => court.consistency(from, to));
    on(audit.listTimestamps, () => {
      const stamp = { authority: 'https://tsa.example/', at: '2026-01-01T00:00:00.000Z', response: 'MAMCAQA=' };
      return { items: [{ origin: court.origin, size: court.size, checkpoint: court.checkpoint(), ...stamp }] };
    });
    on(budgets.setBudget, ({ scopeId = newId('workspace'), ...asked }) => {
      const at = '2026-01-01T00:00:00Z';
      const spent = { spentMicros: 0, reservedMicros: 0, percent: 0 };
      const made = { id: newId('budget'), scopeId, ...asked, ...spent, createdAt: at, updatedAt: at };
      this.budgets.unshift(made);
      return made;
    });
    on(budgets.listBudgets, () => ({ items: this.budgets }));
    on(budgets.deleteBudget, ({ id }) => {
      const at = this.budgets.findIndex((one) => one.id === id);
      if (at === -1) throw new ConclaveError('runtime.budget.not-found', { id });
      return this.budgets.splice(at, 1)[0]!;
    });
    on(models.listModels, () => ({
      items: [{ model: 'openai/gpt-5.1', family: 'openai', fallbacks: [...this.fallbacks] }],
    }));
    on(models.setFallbacks, ({ model, fallbacks }) => ({ model, fallbacks: [...(this.fallbacks = fallbacks)] }));
    on(caps.listCaps, () => ({ items: this.caps }));
    on(caps.setCap, (asked) => {
      const cap = { ...asked, running: 0 };
      this.caps = [...this.caps.filter(({ name }) => name !== cap.name), ...(cap.slots === null ? [] : [cap])];
      return cap;
    });
    for (const [contract, handler] of this.tenants.handlers) this.handlers.set(contract, handler);
    on(secrets.createSecret, ({ name, value }) => {
      const made = { id: newId('secret'), name, version: 1, createdAt: '2026-01-01T00:00:00Z', readable: true };
      this.secrets.unshift({ ...made, value });
      return made;
    });
    on(secrets.listSecrets, ({ after }) => {
      const at = after === undefined ? 0 : this.secrets.findIndex(({ id }) => id === after) + 1;
      const [item, more] = this.secrets.slice(at).map(({ value: _, ...secret }) => secret);
      return { items: item ? [item] : [], ...(item && more ? { next: item.id } : {}) };
    });
    on(secrets.rotateSecret, ({ id, value }) => {
      const secret = this.secrets.find((one) => one.id === id)!;
      Object.assign(secret, { value, version: secret.version + 1, rotatedAt: '2026-01-02T00:00:00Z' });
      const { value: _, ...rotated } = secret;
      return rotated;
    });
    on(secrets.deleteSecret, ({ id }) => {
      this.secrets.splice(
        this.secrets.findIndex((one) => one.id === id),
        1,
      );
      return { id };
    });
    on(auth.getMe, () => ({
      principal: { id: newId('principal'), kind: 'user', name: 'Ada' },
      tenant: { id: newId('tenant'), name: 'Acme' },
      workspace: { id: newId('workspace'), name: 'Main' },
      role: 'administrator',
      scopes: [...permissions],
    }));
  }

  static async start(): Promise<TestPlatform> {
    const server = createServer((request, response) => void platform.serve(request, response));
    const platform = new TestPlatform(server, await Court.open());
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return platform;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
    await this.court.close();
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = new URL(request.url!, 'http://x');
      if (url.pathname === '/readyz') return void response.end('{}');
      if (url.pathname.startsWith('/oauth/')) return await this.tokens.serve(this.url, url.pathname, request, response);
      const { contract, params } = routeOf(request.method!, url.pathname);
      const credential = request.headers.authorization?.replace('Bearer ', '') ?? '';
      if (credential !== this.key && !this.tokens.good.has(credential)) throw new ConclaveError('auth.unauthenticated');
      const isJson = contract.transport === 'rpc' && ['POST', 'PUT'].includes(request.method!);
      const body = isJson ? (JSON.parse((await buffer(request)).toString() || '{}') as object) : {};
      const parsed = contract.request.safeParse({ ...Object.fromEntries(url.searchParams), ...body, ...params });
      if (!parsed.success) throw new ConclaveError('request.invalid', { issues: parsed.error.issues });
      this.seen.push({ contract, request: parsed.data, headers: request.headers });
      const refusal = this.refusals.get(contract);
      if (refusal) throw refusal;
      const reply = await this.handlers.get(contract)!(parsed.data as never, { request, response });
      if (response.headersSent) return;
      response.writeHead(contract.http!.status ?? 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(contract.reply.parse(reply)));
    } catch (error) {
      if (response.headersSent) return void response.destroy();
      const refusal =
        error instanceof ConclaveError ? error : new ConclaveError('service.internal', { error: String(error) });
      response.writeHead(problemOf(refusal).status, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify(problemOf(refusal)));
    }
  }

  private async review(request: RequestOf<typeof runtime.createReview>): Promise<Run> {
    const id = newId('run');
    const { result, receipt } = await this.court.judge(request);
    const shown = this.tamper(result);
    const at = '2026-01-01T00:00:00Z';
    const told = (type: string, data: RunEvent['data']): Omit<RunEvent, 'seq'> => ({ run: id, type, at, data });
    const story = [
      told('run.created', {}),
      told('review.prepared', { seats: shown.seats.map(({ seat }) => seat), notices: shown.notices }),
      ...shown.seats.map(({ seat, kind, vote, reason }) => told('seat.judged', { seat, kind, vote, reason })),
      told(this.failure ? 'run.failed' : 'run.completed', {}),
    ];
    const run: Run = {
      id,
      kind: 'review',
      title: request.title ?? 'untitled',
      state: this.failure ? 'failed' : 'completed',
      createdAt: at,
      updatedAt: at,
      workspace: newId('workspace'),
      ...(this.failure ? { failure: this.failure } : { decision: shown.decision, outcome: shown.outcome }),
    };
    this.runs.set(id, { run, events: story.map((event, at) => ({ ...event, seq: at + 1 })), result: shown, receipt });
    return { ...run, state: 'submitted' };
  }

  private stream(events: readonly RunEvent[], after: number, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const cut = this.cutAfter;
    this.cutAfter = undefined;
    for (const event of events.slice(after, cut))
      response.write(`id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`);
    if (cut === undefined) response.end();
    else setTimeout(() => response.destroy(), 20);
  }

  private find(id: string) {
    const found = this.runs.get(id);
    if (!found) throw new ConclaveError('runtime.run.not-found');
    return found;
  }
}

/** The contract a path belongs to, with what the path says. */
function routeOf(method: string, path: string): { contract: Contract; params: Record<string, string> } {
  for (const contract of contracts) {
    if (contract.http?.method !== method) continue;
    const pattern = new RegExp(`^${contract.http.path.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);
    const match = pattern.exec(path);
    if (match) return { contract, params: { ...match.groups } };
  }
  throw new ConclaveError('route.unknown');
}
