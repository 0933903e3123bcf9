/**
 * The wall between tenants from outside, over every route the contracts name: a stranger with an administrator's key of
 * another tenant is answered about ids that exist exactly as about ids that never were.
 */
import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  budgets,
  connections,
  consensus,
  contracts,
  directories,
  idPrefixes,
  mailDomains,
  newId,
  runs,
  secrets,
  triggers,
  type Contract,
  type IdKind,
} from '@conclave/contracts';
import { leastRequest, type IdOf } from './least-request.js';
import { Api, ProgramVoter } from './program-voter.js';

export type Routed = Contract & Required<Pick<Contract, 'http'>>;
export type Request = Readonly<Record<string, unknown>>;
export interface Answer {
  readonly status: number;
  readonly text: string;
}

export const routes = contracts.filter((contract): contract is Routed => contract.http !== undefined);
export const routeOf = ({ http }: Routed): string => `${http.method} ${http.path}`;

const kinds = Object.fromEntries(Object.entries(idPrefixes).map(([kind, prefix]) => [prefix, kind as IdKind]));
/** An id of nothing. */
export const unknown: IdOf = (prefix) => newId(kinds[prefix]!);

/** In every text of the first tenant's that is stored. */
export const CANARY = 'canary of the first tenant';
export const nameOf = (canary: string): string => canary.replaceAll(' ', '-');
const human = (question = CANARY) => ({ agent: 'human', input: { question } });

const github = { kind: 'github', clientId: 'x', clientSecret: 'x' };
const budgetScopes: Readonly<Record<string, string>> = { run: 'run', wsp: 'workspace', ten: 'tenant' };

/** What the contract alone cannot say: of two members, exactly one; and what goes with an id of which kind. */
export const bodies: Readonly<Record<string, (idOf: IdOf, prefix?: string) => Request>> = {
  [budgets.setBudget.subject]: (idOf, prefix = 'run') => ({
    ...{ scope: budgetScopes[prefix], scopeId: idOf(prefix), limitMicros: 7 },
  }),
  [connections.createConnection.subject]: (idOf) => ({
    ...{ name: 'x', settings: github, provisioning: { mode: 'directory', workspace: idOf('wsp') } },
  }),
  // Of a decision that is there, nobody looks at who votes.
  [consensus.openDecision.subject]: (idOf, prefix) => {
    const { id, ...rest } = leastRequest(consensus.openDecision, idOf);
    return prefix === 'vtr' ? rest : { id, ...rest };
  },

  [runs.createRun.subject]: (idOf) => ({ ...human(), session: idOf('ses') }),
  [directories.putDirectory.subject]: (idOf) => ({
    ...{ id: idOf('con'), workspace: idOf('wsp') },
    settings: { kind: 'auth0', url: 'https://x.example.com', clientId: 'x', clientSecret: 'x' },
  }),
  [secrets.leaseSecret.subject]: (idOf) => ({
    ...{ workspace: idOf('wsp'), name: 'CANARY' },
    publicKey: Buffer.alloc(32, 9).toString('base64'),
  }),
  [mailDomains.claimMailDomain.subject]: () => ({ domain: 'x.example.com' }),
  [triggers.createTrigger.subject]: (idOf) => ({
    title: 'x',
    on: { kind: 'webhook' },
    run: { ...human(), session: idOf('ses') },
  }),
  [triggers.changeTrigger.subject]: (idOf) => ({ id: idOf('trg'), run: { ...human(), session: idOf('ses') } }),
};
/** Named by texts that no pattern tells from others. */
const named: Readonly<Record<string, string>> = { '/v1/roles/{name}': 'name', '/v1/policies/{id}': 'id' };

/** The ids of a tenant that has one of everything, by their prefixes. */
export async function furnish(gateway: string, apiKey: string, canary = CANARY): Promise<ReadonlyMap<string, string>> {
  const api = new Api(gateway, apiKey);
  const ids = new Map<string, string>();
  const make = async (path: string, body: object, method: 'POST' | 'PUT' = 'POST'): Promise<void> => {
    const made = await api.call<{ id?: string; principal?: { id: string }; voterId?: string }>(method, path, body);
    const id = made.id ?? made.principal!.id;
    ids.set(id.slice(0, id.indexOf('_')), id);
  };
  await make('/v1/workspaces', { name: canary });
  await make('/v1/members', { name: canary, kind: 'user', role: 'viewer' });
  await make('/v1/api-keys', { name: canary });
  await make('/v1/sessions', { title: canary, agent: human(canary) });
  await make('/v1/runs', { title: canary, ...human(canary) });
  await make('/v1/triggers', { title: canary, on: { kind: 'webhook' }, run: human(canary) });
  await make('/v1/budgets', { scope: 'run', scopeId: ids.get('run'), period: 'total', limitMicros: 7 }, 'PUT');
  await api.call('PUT', '/v1/caps', { kind: 'workspace', name: ids.get('wsp'), slots: 7 });
  await make('/v1/webhooks', { url: 'https://1.1.1.1/canary', events: ['run.completed'] });
  await make('/v1/secrets', { name: 'CANARY', value: canary });
  await make('/v1/invitations', { name: canary, role: 'viewer' });
  await make('/v1/access-reviews', { name: canary, dueAt: new Date(Date.now() + 86_400_000).toISOString() });
  await make('/scim/v2/Groups', { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName: canary });
  await make('/v1/connections', { name: canary, settings: { kind: 'github', clientId: 'c', clientSecret: canary } });
  await make('/v1/oauth-clients', {
    name: canary,
    kind: 'confidential',
    redirectUris: ['https://canary.example.com/'],
  });
  await make('/v1/mail-domains', { domain: 'canary.example.com' });
  await make('/v1/audit/erasures', { subject: unknown('prn'), reason: canary });
  await make('/v1/audit/holds', { reason: canary });
  await make('/v1/audit/exports', { format: 'jsonl' });
  const { voterId } = await ProgramVoter.enrol(api, canary);
  ids.set('vtr', voterId);
  await make('/v1/decisions', {
    question: canary,
    options: [{ id: 'yes', title: canary }],
    rule: { method: 'approval-gate', variant: 'unanimous' },
    electorate: [{ voterId, kind: 'remote', name: canary, family: 'own' }],
  });
  await api.call('POST', '/v1/roles', { name: nameOf(canary), permissions: ['run:read'] });
  const source = `forbid (principal == Principal::"${canary}", action, resource);`;
  await api.call('PUT', `/v1/policies/${nameOf(canary)}`, { source });
  return ids;
}

/** The request of an operation with the ids of `theirs`, and with ids of nothing; and the ids in each. */
export function requests(operation: Contract, theirs: ReadonlyMap<string, string>) {
  const known = requestWith(operation, (prefix) => theirs.get(prefix) ?? unknown(prefix), nameOf(CANARY));
  return { known, unknown: requestWith(operation, unknown, 'never-heard-of') };
}

function requestWith(route: Contract, idOf: IdOf, name: string): { request: Request; ids: readonly string[] } {
  const ids: string[] = [];
  const noted: IdOf = (prefix) => {
    const id = idOf(prefix);
    ids.push(id);
    return id;
  };
  const request = bodies[route.subject]?.(noted) ?? leastRequest(route, noted);
  const member = named[route.http?.path ?? ''];
  return member === undefined ? { request, ids } : { request: { ...request, [member]: name }, ids: [...ids, name] };
}

export const ask = (gateway: string, key: string, route: Routed, request: Request): Promise<Answer> =>
  askWith({ authorization: `Bearer ${key}` }, gateway, route, request);

/** Asks at an address with a credential of any kind. */
export async function askWith(
  credential: Readonly<Record<string, string>>,
  base: string,
  { http, transport }: Routed,
  request: Request,
): Promise<Answer> {
  const rest = new Map(Object.entries(request));
  const path = http.path.replaceAll(/\{\+?(\w+)\}/g, (_, name: string) => {
    const segment = encodeURIComponent(String(rest.get(name)));
    rest.delete(name);
    return segment;
  });
  const signal = AbortSignal.timeout(20_000);
  if (http.method === 'GET') {
    const query = new URLSearchParams([...rest].map(([name, member]): [string, string] => [name, String(member)]));
    return answerOf(await fetch(`${base}${path}?${query.toString()}`, { headers: credential, signal }));
  }
  const bytes = transport === 'stream';
  const body = bytes ? '' : JSON.stringify(Object.fromEntries(rest));
  const headers = { ...credential, 'content-type': bytes ? 'application/octet-stream' : 'application/json' };
  return answerOf(await fetch(`${base}${path}`, { method: http.method, headers, body, signal }));
}

/** The same of a stream, as a WebSocket: with the status alone when it opens. */
export function shakeHands(gateway: string, key: string, { http }: Routed, request: Request): Promise<Answer> {
  const path = http.path.replaceAll(/\{\+?(\w+)\}/g, (_, name: string) => encodeURIComponent(String(request[name])));
  const handshake = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
  const headers = { ...handshake, 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', authorization: `Bearer ${key}` };
  return new Promise((answered, failed) => {
    const asked = httpRequest(gateway + path, { headers, agent: false, timeout: 20_000 });
    asked.once('upgrade', (_response, socket) => {
      socket.destroy();
      answered({ status: 101, text: '' });
    });
    asked.once('response', (response) => {
      void text(response).then((said) => answered({ status: response.statusCode!, text: said }), failed);
    });
    asked.once('error', failed).end();
  });
}

const answerOf = async (response: Response): Promise<Answer> => ({
  status: response.status,
  text: await response.text(),
});

/** What was said, without the ids it was asked about. */
export const plain = ({ status, text }: Answer, ids: readonly string[]): string =>
  ids.reduce((said, id) => said.replaceAll(id, 'id'), `${status} ${text}`);
