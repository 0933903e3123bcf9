/**
 * The policies of tenants as an owner holds them. A context token says which ones its tenant has; they are asked of auth
 * when they are not here, and of a tenant without policies nothing is asked, kept or computed.
 */
import { ConclaveError, type Contract } from '@conclave/contracts';
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

  /** @throws ConclaveError `auth.forbidden` with the policies that forbid it, `service.unavailable` */
  async refuseForbidden(contract: Contract, ctx: RequestContext, request: unknown): Promise<void> {
    if (ctx.policies === undefined || !ctx.principal || !isBelowPolicies(contract)) return;
    const { allowed, policies } = await this.verdict(contract, ctx, request, ctx.policies);
    if (allowed) return;
    const { permission, subject: operation } = contract;
    this.refused.note({ tenantId: ctx.tenantId, principal: ctx.principal.id, permission, operation, policies });
    throw new ConclaveError('auth.forbidden', { permission, policies });
  }

  private async verdict(contract: Contract, ctx: RequestContext, request: unknown, digest: string): Promise<Verdict> {
    const { set, slot, verdicts } = await this.setOf(ctx.tenantId, digest);
    const question = questionOf(contract, ctx, request);
    const key = JSON.stringify(question);
    const known = verdicts.get(key);
    if (known) return known;
    const verdict = verdictOf(this.cedar, slot, set, question);
    if (verdicts.size >= MOST_VERDICTS) verdicts.clear();
    verdicts.set(key, verdict);
    return verdict;
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
