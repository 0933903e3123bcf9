/**
 * The wall between tenants inside one request: where it names several things, or one deep within, one of them is another
 * tenant's and all others are the caller's own, so that what is looked at first hides nothing of what is looked at last.
 */
import { consensus, contracts, signInPolicy, type Contract } from '@conclave/contracts';
import { idPlaces, type IdOf, type IdPlace } from './least-request.js';
import { Api } from './program-voter.js';
import { ask, bodies, plain, unknown, type Answer, type Request, type Routed } from './strangers.js';

type Ids = ReadonlyMap<string, string>;

/** Places at which it does not matter whose the id is, and why. */
export const unjudged: Readonly<Record<string, string>> = {
  [`${consensus.openDecision.subject} id:dec`]:
    'whoever opens a decision names it, and each tenant has names of its own',
  [`${consensus.getDecision.subject} voter:vtr`]:
    'the order of the options is drawn from the text, and no voter looked up',
  [`${signInPolicy.putSignInPolicy.subject} exempt.0:prn`]:
    'a key is refused before anybody is looked up; sign-in-policy.itest.ts has a provider’s sign-in name a stranger',
};

interface Mixture {
  readonly at: string;
  readonly route: Contract;
  readonly place: IdPlace;
}

/** Every place of an id that another id of the same request could hide; last, where the stranger takes over what is named. */
export const mixtures: readonly Mixture[] = contracts
  .flatMap((route) => {
    const places = idPlaces(route);
    const isPlain = places.length === 1 && places[0]!.path.length === 1;
    const nameOf = ({ path, prefix }: IdPlace) => `${route.subject} ${path.join('.')}:${prefix}`;
    return isPlain ? [] : places.map((place) => ({ at: nameOf(place), route, place }));
  })
  .toSorted((a, b) => Number(a.at in unjudged) - Number(b.at in unjudged));

const bytes = (length: number): string => Buffer.alloc(length, 7).toString('base64');
/** What a voter's statement has to look like before anybody asks whose it is. */
const statement: Readonly<Record<string, (member: object) => unknown>> = {
  ballot: (ballot) => ({ ...ballot, vote: 'yes' }),
  signature: () => ({ algorithm: 'ed25519', value: bytes(64) }),
  salt: () => bytes(32),
};

/** What a caller has to stand on: what it was furnished with, where it works, and what the requests below ask for. */
export async function groundOf(gateway: string, apiKey: string, furnished: Ids): Promise<Ids> {
  const api = new Api(gateway, apiKey);
  const me = await api.call<Record<'workspace' | 'tenant', { id: string }>>('GET', '/v1/me');
  // People are read from a directory of such a connection alone.
  const settings = { kind: 'oidc', issuer: 'https://x.example.com', clientId: 'x', clientSecret: 'x' };
  const { id } = await api.call<{ id: string }>('POST', '/v1/connections', { name: 'ground', settings });
  return new Map([...furnished, ['con', id], ['wsp', me.workspace.id], ['ten', me.tenant.id]]);
}

export interface Mixed {
  readonly at: string;
  /** What is said where the id is another tenant's, that of nothing, and the caller's own. */
  readonly foreign: Answer;
  readonly apart: readonly [string, string];
  readonly own: string;
}

/** Asks as one who has `own`, of what is `theirs` at one place of each request. */
export async function askMixed(gateway: string, apiKey: string, own: Ids, theirs: Ids): Promise<readonly Mixed[]> {
  const send = ({ route }: Mixture, request: Request) => ask(gateway, apiKey, route as Routed, request);
  const told = [];
  for (const mixture of mixtures) {
    const { prefix } = mixture.place;
    const [known, nothing] = [idIn(theirs, mixture.at)(prefix), unknown(prefix)];
    const foreign = await send(mixture, requestOf(mixture, known, own));
    const guess = await send(mixture, requestOf(mixture, nothing, own));
    told.push({ mixture, foreign, apart: [plain(foreign, [known]), plain(guess, [nothing])] as const });
  }
  const all: Mixed[] = [];
  // What is the caller's own may change by it, so it comes last.
  for (const { mixture, ...rest } of told) {
    const id = idIn(own, mixture.at)(mixture.place.prefix);
    const answer = await send(mixture, requestOf(mixture, id, own));
    all.push({ ...rest, at: mixture.at, own: plain(answer, [id]) });
  }
  return all;
}

/** @throws Error when there is nothing to stand on, or no request that names the id where it belongs */
function requestOf({ at, route, place }: Mixture, there: string, own: Ids): Request {
  const idOf = idIn(own, at);
  const body = bodies[route.subject];
  const asked = body
    ? body((prefix) => (prefix === place.prefix ? there : idOf(prefix)), place.prefix)
    : place.request(there, idOf);
  const members = Object.entries(asked).map(([name, member]) => [name, statement[name]?.(member as object) ?? member]);
  const request = Object.fromEntries(members) as Request;
  const found = place.path.reduce<unknown>((value, step) => (value as Record<string, unknown>)?.[step], request);
  if (found !== there) throw new Error(`no request has an id at ${at}: ${JSON.stringify(request)}`);
  return request;
}

const idIn =
  (ids: Ids, at: string): IdOf =>
  (prefix) => {
    const id = ids.get(prefix);
    if (id === undefined) throw new Error(`${at}: nothing there is called ${prefix}_…`);
    return id;
  };
