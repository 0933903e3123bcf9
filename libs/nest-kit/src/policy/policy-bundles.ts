/**
 * The policies of tenants as an owner holds them. A context token says which ones its tenant has; they are asked of auth
 * when they are not here, and of a tenant without policies nothing is asked, kept or computed.
 */
import { ConclaveError, type ActVerdict, type Contract } from '@conclave/contracts';
import { Gathering } from '../gathering.js';
import type { RequestContext } from '../request-context.js';
import { Cedar } from './cedar.js';
import { isBelowPolicies, questionOf } from './question.js';
import { verdictOf, type PolicySet, type Verdict } from './verdict.js';

/** What was refused, for the record. */
export interface Refusal {
  readonly tenantId: string;
  readonly principal: string;
  readonly permission: string;
  readonly operation: string;
  readonly policies: readonly string[];
  readonly verdict?: ActVerdict | undefined;
}

export interface PolicySource {
  /** The policies the tenant has now. */
  load(tenantId: string): Promise<PolicySet>;
  /** Tells the record of `times` refusals alike. */
  record(refusal: Refusal, times: number): Promise<void>;
}

interface Held {
  readonly set: PolicySet;
  readonly slot: string;
  /** An older token asked for these and was answered with the set, until then. */
  readonly also: string;
  readonly until: number;
  /** By question: policies know nothing but what they are asked, so the same question has the same answer. */
  readonly verdicts: Map<string, Verdict>;
}

/** Tenants whose policies are held at once. */
const MOST = 200;
const MOST_VERDICTS = 1_000;
/** A token that is this much older than the policies has been replaced at the edge. */
const OLD_TOKEN_MS = 10_000;
/** Refusals alike are told once in this time, with their number. */
const RECORDED = { everyMs: 60_000, most: 10_000 } as const;

export class PolicyBundles {
  private readonly cedar = new Cedar();
  private readonly held = new Map<string, Held>();
  private readonly loading = new Map<string, Promise<Held>>();
  private readonly refused = new Gathering<Refusal>((refusal, times) => this.source.record(refusal, times), RECORDED);

  constructor(private source: PolicySource) {}

  /** Auth, which owns the policies, asks itself. */
  takeFrom(source: PolicySource): void {
    this.source = source;
  }

  /**
   * The context, with what the policies said on record.
   *
   * @throws ConclaveError `auth.forbidden` with the policies that forbid it, `service.unavailable`
   */
  async judged(contract: Contract, ctx: RequestContext, request: unknown): Promise<RequestContext> {
    if (ctx.policies === undefined || !ctx.principal || !isBelowPolicies(contract)) return ctx;
    const { set, said } = await this.ask(contract, ctx, request, ctx.policies);
    const { allowed, policies, passed } = said;
    // A token that names other policies was held to these: it is they that decided.
    const bundle = (set.digest === ctx.policies ? undefined : set.bundle) ?? ctx.verdict?.bundle;
    if (allowed) {
      const verdict = ctx.verdict && { ...ctx.verdict, bundle: bundle!, ...(passed.length > 0 ? { passed } : {}) };
      return verdict ? { ...ctx, verdict } : ctx;
    }
    const verdict = bundle === undefined ? undefined : { bundle, by: policies.map((id) => `policy:${id}`) };
    const { permission, subject: operation } = contract;
    const { tenantId, principal } = ctx;
    const refusal = { tenantId, principal: principal.id, permission, operation, policies };
    this.refused.note(verdict ? { ...refusal, verdict } : refusal);
    throw new ConclaveError('auth.forbidden', { permission, policies });
  }

  private async ask(
    contract: Contract,
    ctx: RequestContext,
    request: unknown,
    digest: string,
  ): Promise<{ readonly set: PolicySet; readonly said: Verdict }> {
    const { set, slot, verdicts } = await this.setOf(ctx.tenantId, digest);
    const question = questionOf(contract, ctx, request);
    const key = JSON.stringify(question);
    const known = verdicts.get(key);
    if (known) return { set, said: known };
    const said = verdictOf(this.cedar, slot, set, question);
    if (verdicts.size >= MOST_VERDICTS) verdicts.clear();
    verdicts.set(key, said);
    return { set, said };
  }

  private setOf(tenantId: string, digest: string): Held | Promise<Held> {
    const held = this.held.get(tenantId);
    if (held?.set.digest === digest || (held?.also === digest && held.until > Date.now())) return held;
    const key = `${tenantId} ${digest}`;
    const loading = this.loading.get(key) ?? this.load(tenantId, digest).finally(() => this.loading.delete(key));
    this.loading.set(key, loading);
    return loading;
  }

  private async load(tenantId: string, digest: string): Promise<Held> {
    const set = await this.source.load(tenantId);
    const slot = this.held.get(tenantId)?.slot ?? this.freeSlot();
    const held = { set, slot, also: digest, until: Date.now() + OLD_TOKEN_MS, verdicts: new Map() };
    this.held.delete(tenantId);
    this.held.set(tenantId, held);
    return held;
  }

  private freeSlot(): string {
    if (this.held.size < MOST) return `slot ${this.held.size}`;
    const [oldest, { slot }] = this.held.entries().next().value!;
    this.held.delete(oldest);
    return slot;
  }
}
