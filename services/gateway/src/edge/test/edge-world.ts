/**
 * The real edge on a real bus, with the two neighbours it needs played from outside over the same wire: an auth that
 * knows a few keys, and a runtime with a real listener, whose handlers each test gives.
 */
import { Controller } from '@nestjs/common';
import {
  LANES,
  auth,
  edgeRoutes,
  events,
  mfa,
  mails,
  newId,
  passkeys,
  permissions,
  roles,
  runtime,
  scim,
  triggers,
  type Contract,
  type Permission,
  type RequestOf,
} from '@conclave/contracts';
import { EventSource, startTestBus, type TestBus } from '@conclave/dev-env/testing';
import {
  Handles,
  RpcServer,
  bootstrapService,
  type HttpExchange,
  type Kit,
  type RequestContext,
  type RunningService,
  type SignInStanding,
} from '@conclave/nest-kit';
import { ConclaveError } from '@conclave/contracts';
import { Module } from '@nestjs/common';
import { edgeService } from '../edge-service.js';

interface Seen {
  readonly ctx: RequestContext;
  readonly request: unknown;
  readonly headers?: HttpExchange['request']['headers'];
}

/** What the owner was asked, and what it is to do. */
class Owner {
  readonly seen: Seen[] = [];
  answer: (contract: Contract, seen: Seen) => Promise<unknown> = async () => aRun;
  stream: (exchange: HttpExchange, seen: Seen) => Promise<void> = async ({ reply }) => void (await reply.send('ok'));
}

export const aRun = {
  id: newId('run'),
  kind: 'review' as const,
  title: 'A run',
  state: 'working' as const,
  createdAt: '2026-01-01T00:00:00Z',
  updatedAt: '2026-01-01T00:00:00Z',
  workspace: newId('workspace'),
};

export interface EdgeWorld {
  readonly bus: TestBus;
  readonly edge: RunningService;
  readonly owner: Owner;
  readonly keys: { readonly admin: string; readonly auditor: string };
  /** How often auth was asked for a credential. */
  exchanges(): number;
  /** What else auth was asked. */
  readonly asked: { readonly subject: string; readonly request: unknown }[];
  /** What the tenant may ask for in a minute, from the next exchange on. */
  limitTenant(requestsPerMinute: number): void;
  /** As what each credential was brought to auth. */
  readonly kinds: ReadonlyMap<string, string>;
  /** Makes another key, of a principal of its own, whose contexts are good for `ttlMs`. */
  addKey(secret: string, scopes?: readonly Permission[], ttlMs?: number, allowedAddresses?: string[]): void;
  /** Makes a browser's sign-in, of which so much was shown. */
  addSignIn(secret: string, signIn: SignInStanding): void;
  /** Makes what a person allowed a program, with so much shown. */
  addProgram(secret: string, signIn: SignInStanding): void;
  /** Has the tenant demand a second factor, which is to be shown for this sign-in yet; and rings. */
  demandMfa(secret: string): void;
  /** Revokes a key, and rings unless told not to. */
  revoke(secret: string, ring?: boolean): void;
  /** Tells of a key as if another tenant's had been revoked, and likewise where only others' events stand. */
  misreport(secret: string): void;
  /** Says where auth's log stands. */
  beat(): void;
  /** Gives a key's role other permissions, and rings. */
  narrow(secret: string, scopes: readonly Permission[]): void;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  startOwner(): Promise<void>;
  stopOwner(): Promise<void>;
  stop(): Promise<void>;
}

export const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });

export async function startEdgeWorld(env: Readonly<Record<string, string>> = {}): Promise<EdgeWorld> {
  const bus = await startTestBus();
  const authKit = await bus.as('auth');
  const testAuth = playAuth(authKit);
  const keys = { admin: 'ck_admin', auditor: 'ck_auditor' };
  testAuth.addKey(keys.admin, permissions);
  testAuth.addKey(keys.auditor, roles.auditor);
  const owner = new Owner();
  const startRuntime = (port = '0') =>
    bootstrapService(runtimeOf(owner), { ...bus.environmentOf('runtime'), HTTP_PORT: port });
  let running: RunningService | undefined = await startRuntime();
  const runtimeUrl = running.url;
  const edge = await bootstrapService(edgeService, {
    ...bus.environmentOf('gateway'),
    INTERNAL_URLS: JSON.stringify({ runtime: runtimeUrl }),
    CONSOLE_DIR: '/nonexistent',
    ...env,
  });
  const stopOwner = async (): Promise<void> => {
    await running?.stop();
    running = undefined;
  };
  return {
    bus,
    edge,
    owner,
    keys,
    ...testAuth,
    fetch: (path, init) => fetch(edge.url + path, init),
    async startOwner() {
      running = await startRuntime(new URL(runtimeUrl).port);
    },
    stopOwner,
    async stop() {
      await edge.stop();
      await stopOwner();
      await bus.stop();
    },
  };
}

interface KnownCredential {
  readonly credentialId: string;
  readonly principalId: string;
  readonly scopes: readonly Permission[];
  readonly ttlMs: number;
  readonly csrf?: string;
  readonly allowedAddresses?: string[];
  readonly signIn?: SignInStanding;
}

function playAuth(kit: Kit) {
  const known = new Map<string, KnownCredential>();
  const rings = new EventSource('auth', kit);
  const server = new RpcServer(kit.nats, 'auth', kit.dispatcher, kit.log);
  const asked: EdgeWorld['asked'] = [];
  const served = new Set<Contract>();
  const rpc = {
    serve<C extends Contract>(contract: C, handler: (ctx: RequestContext, request: unknown) => Promise<unknown>): void {
      served.add(contract);
      server.serve(contract, async (ctx, request) => {
        if ((contract as Contract) !== auth.exchangeCredential) asked.push({ subject: contract.subject, request });
        return await handler(ctx, request);
      });
    },
  };
  const tenantId = newId('tenant');
  let exchanges = 0;
  let requestsPerMinute: number | undefined;
  const kinds = new Map<string, string>();
  const addKey: EdgeWorld['addKey'] = (secret, scopes = permissions, ttlMs = 60_000, allowedAddresses) =>
    void known.set(secret, {
      credentialId: newId('apiKey'),
      principalId: newId('principal'),
      scopes,
      ttlMs,
      ...(allowedAddresses ? { allowedAddresses } : {}),
    });
  const addSignIn: EdgeWorld['addSignIn'] = (secret, signIn) => {
    addKey(secret, signIn.withheld ? [] : permissions);
    known.set(secret, { ...known.get(secret)!, credentialId: newId('signIn'), csrf: 'csrf-of-the-page', signIn });
  };

  const addProgram: EdgeWorld['addProgram'] = (secret, signIn) => {
    addKey(secret);
    known.set(secret, { ...known.get(secret)!, credentialId: newId('grant'), signIn });
  };

  rpc.serve(auth.exchangeCredential, async (_ctx, request) => {
    exchanges += 1;
    const { kind, secret } = request as RequestOf<typeof auth.exchangeCredential>;
    kinds.set(secret, kind);
    const credential = known.get(secret);
    if (!credential) throw new ConclaveError('auth.unauthenticated');
    const { credentialId, principalId, scopes, csrf, ttlMs, allowedAddresses, signIn } = credential;
    const principal = { id: principalId, kind: 'user', name: 'Test' };
    const token = await kit.tokens.sign(
      { tenantId, workspaceId: newId('workspace'), principal, scopes, credentialId, ...(signIn ? { signIn } : {}) },
      ttlMs,
    );
    return {
      token,
      expiresAt: Date.now() + ttlMs,
      credentialId,
      ...(csrf ? { csrf } : {}),
      ...(allowedAddresses ? { allowedAddresses } : {}),
      ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
    };
  });
  rpc.serve(auth.createSignIn, async (_ctx, request) => {
    const key = known.get((request as RequestOf<typeof auth.createSignIn>).apiKey);
    if (!key) throw new ConclaveError('auth.unauthenticated');
    const secret = `sgn_${crypto.randomUUID()}`;
    known.set(secret, { ...key, credentialId: newId('signIn'), csrf: 'csrf-of-the-page' });
    return {
      id: newId('signIn'),
      secret,
      csrf: 'csrf-of-the-page',
      expiresAt: new Date(Date.now() + 60_000).toISOString(),
    };
  });
  rpc.serve(passkeys.challengeSignIn, async () => ({ options: { challenge: 'AAAA' } }));
  rpc.serve(passkeys.signInWithPasskey, async (_ctx, request) => {
    const { passkey } = request as RequestOf<typeof passkeys.signInWithPasskey>;
    if (passkey.id !== 'known') throw new ConclaveError('auth.unauthenticated');
    const secret = `sgn_${crypto.randomUUID()}`;
    addKey(secret);
    known.set(secret, { ...known.get(secret)!, csrf: 'csrf-of-the-page' });
    const expiresAt = new Date(Date.now() + 60_000).toISOString();
    return { id: newId('signIn'), secret, csrf: 'csrf-of-the-page', expiresAt };
  });
  rpc.serve(mfa.stepUp, async (_ctx, request) => {
    const { secret: old, proof } = request as RequestOf<typeof mfa.stepUp>;
    if (!('totp' in proof) || proof.totp !== '123456')
      throw new ConclaveError('auth.second-factor.locked', { retryAfterS: 30 });
    const secret = `sgn_${crypto.randomUUID()}`;
    addSignIn(secret, { provenUntil: Date.now() + 60_000, factors: ['totp'] });
    known.delete(old);
    return {
      id: newId('signIn'),
      secret,
      csrf: 'csrf-of-the-page',
      expiresAt: new Date(Date.now() + 60_000).toISOString(),
    };
  });
  rpc.serve(mails.noteDevice, async () => ({}));
  rpc.serve(scim.scimRequest, async (_ctx, request) => {
    const { base, path } = request as RequestOf<typeof scim.scimRequest>;
    return { status: 201, location: `${base}/${path}/prn_1` };
  });
  rpc.serve(auth.endSignIn, async (_ctx, request) => ({
    ended: known.delete((request as RequestOf<typeof auth.endSignIn>).secret),
  }));
  const others = new Set(edgeRoutes.flatMap(({ asks }) => asks));
  for (const contract of others)
    if (contract.owner === 'auth' && !served.has(contract))
      rpc.serve(contract, async () => {
        throw new ConclaveError('auth.connection.refused');
      });

  return {
    addKey,
    addSignIn,
    addProgram,
    exchanges: () => exchanges,
    asked,
    limitTenant: (most: number) => void (requestsPerMinute = most),
    kinds,
    narrow(secret: string, scopes: readonly Permission[]) {
      known.set(secret, { ...known.get(secret)!, scopes });
      rings.emit(events.roleChanged, tenantId, { role: 'own', permissions: [...scopes] });
    },
    demandMfa(secret: string) {
      const signIn = { provenUntil: 0, factors: [], withheld: permissions };
      known.set(secret, { ...known.get(secret)!, scopes: [], signIn });
      rings.emit(events.mfaPolicyChanged, tenantId, { mfa: 'required' });
    },
    revoke(secret: string, ring = true) {
      const { credentialId } = known.get(secret)!;
      known.delete(secret);
      const told = rings.append(events.credentialRevoked, tenantId, { credentialId });
      if (ring) rings.ring(told);
    },
    misreport(secret: string) {
      const { credentialId } = known.get(secret)!;
      rings.emit(events.credentialRevoked, newId('tenant'), { credentialId });
      const told = rings.append(events.credentialRevoked, tenantId, { credentialId });
      rings.ring({ ...told, position: { ...told.position, lane: (told.position.lane + 1) % LANES } });
    },
    beat: () => rings.beat(),
  };
}

function runtimeOf(owner: Owner) {
  const rpc = async (contract: Contract, ctx: RequestContext, request: unknown) => {
    const seen = { ctx, request };
    owner.seen.push(seen);
    return (await owner.answer(contract, seen)) as never;
  };
  const stream = async (ctx: RequestContext, request: unknown, http: HttpExchange): Promise<void> => {
    const seen = { ctx, request, headers: http.request.headers };
    owner.seen.push(seen);
    await owner.stream(http, seen);
  };

  @Controller()
  class TestRuntime {
    @Handles(runtime.getRun)
    get(ctx: RequestContext, request: object) {
      return rpc(runtime.getRun, ctx, request);
    }

    @Handles(runtime.listRuns)
    list(ctx: RequestContext, request: object) {
      return rpc(runtime.listRuns, ctx, request);
    }

    @Handles(runtime.createReview)
    review(ctx: RequestContext, request: object) {
      return rpc(runtime.createReview, ctx, request);
    }

    @Handles(runtime.cancelRun)
    cancel(ctx: RequestContext, request: object) {
      return rpc(runtime.cancelRun, ctx, request);
    }

    @Handles(triggers.deliverHook)
    deliver(ctx: RequestContext, request: object) {
      return rpc(triggers.deliverHook, ctx, request);
    }

    @Handles(runtime.createUpload)
    upload(ctx: RequestContext, request: object, http: HttpExchange) {
      return stream(ctx, request, http);
    }

    @Handles(runtime.streamRunEvents)
    events(ctx: RequestContext, request: object, http: HttpExchange) {
      return stream(ctx, request, http);
    }
  }

  @Module({ controllers: [TestRuntime] })
  class TestRuntimeModule {}
  return { name: 'runtime' as const, module: TestRuntimeModule, environment: {} };
}
