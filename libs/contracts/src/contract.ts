/**
 * A contract is one operation of one service: its subject, its schemas, who may call it, and how it looks over HTTP.
 * The edge builds routes from contracts, owners bind handlers to them, NATS permissions and OpenAPI are generated from
 * them: there is no second place where an operation is spelled.
 */
import type { z } from 'zod';
import type { ErrorCode } from './errors.js';
import type { Permission } from './permissions.js';

/** The services that own contracts. `gateway` is the edge; `delivery` is its second role, with its own schema. */
export const serviceNames = [
  'gateway',
  'auth',
  'runtime',
  'consensus',
  'audit',
  'metrics',
  'marketplace',
  'delivery',
] as const;
export type ServiceName = (typeof serviceNames)[number];

export interface HttpBinding {
  readonly method: 'GET' | 'POST' | 'DELETE' | 'PATCH' | 'PUT';
  /** Path template; `{name}` members are taken from the request object, `{+name}` is the rest of the path, slashes and all. */
  readonly path: `/${string}`;
  /** Status of the plain reply; 200 unless told. */
  readonly status?: 200 | 201 | 202 | 204;
  /** `text`: the reply is a string sent as text/plain; `bytes`: a stream of them, which is no JSON. */
  readonly produces?: 'json' | 'text' | 'bytes';
  /** The media types of a reply that is text, where it is not just text/plain. */
  readonly mediaTypes?: readonly string[];
  readonly summary: string;
  readonly tag: string;
  readonly stability: 'stable' | 'beta';
}

const REST = /\{\+(\w+)\}$/;

/** A path template as Fastify spells it. */
export const routePattern = (path: string): string => path.replace(REST, '*').replaceAll(/\{(\w+)\}/g, ':$1');

/** What Fastify found in the path, by the names of the template. */
export function pathParams(path: string, { '*': rest, ...named }: Readonly<Record<string, unknown>>): object {
  const name = REST.exec(path)?.[1];
  return name === undefined ? named : { ...named, [name]: rest };
}

/** `rpc` = JSON over NATS. `stream` = the edge proxies the HTTP request to the owner's internal listener. */
export type Transport = 'rpc' | 'stream';

export interface Contract<
  Req extends z.ZodType = z.ZodType,
  Rep extends z.ZodType = z.ZodType,
  T extends Transport = Transport,
> {
  readonly owner: ServiceName;
  /** `<service>.v1.<noun>.<verb>`. */
  readonly subject: string;
  readonly transport: T;
  /** What the principal must hold; `service` = only a service context may call; `none` = any authenticated context. */
  readonly permission: Permission | 'service' | 'none';
  /** Services allowed to call; NATS permissions are generated from it. */
  readonly callers: readonly ServiceName[];
  readonly request: Req;
  readonly reply: Rep;
  readonly http?: HttpBinding;
  /** Members of the request that say what the resource is or becomes; a tenant's policies can read them. */
  readonly attributes?: readonly string[];
  /** The agents that the request sets to work, `agents` to a tenant's policies. A run that is a task is agent `run`. */
  agentsOf?(this: void, request: z.output<Req>): readonly string[];
  /** Privileged: a browser's sign-in, and a program that a person allowed, need a proof of late. API keys hold it by their scopes. */
  readonly stepUp?: true;
  /** Open also to a sign-in whose second factor is still to be shown: always, or while the person has none to show. */
  readonly whilePending?: 'always' | 'without-factor';
  /** Refusals beyond those every route can give. */
  readonly errors: readonly ErrorCode[];
  /** Longest time a caller waits, in milliseconds. */
  readonly timeoutMs: number;
}

type Defaults = 'transport' | 'errors' | 'timeoutMs' | 'callers';
type ContractSpec<Req extends z.ZodType, Rep extends z.ZodType, T extends Transport> = Omit<
  Contract<Req, Rep, T>,
  Defaults
> &
  Partial<Pick<Contract<Req, Rep, T>, Defaults>>;

/** Defines a contract; what it leaves out: called by the edge, over NATS, within five seconds. */
export function contract<Req extends z.ZodType, Rep extends z.ZodType, T extends Transport = 'rpc'>(
  spec: ContractSpec<Req, Rep, T>,
): Contract<Req, Rep, T> {
  return { transport: 'rpc' as T, errors: [], timeoutMs: 5_000, callers: ['gateway'], ...spec };
}

export type RequestOf<C extends Contract> = z.output<C['request']>;
/** What a caller may write: members with defaults can be left out. */
export type RequestInputOf<C extends Contract> = z.input<C['request']>;
export type ReplyOf<C extends Contract> = z.output<C['reply']>;
