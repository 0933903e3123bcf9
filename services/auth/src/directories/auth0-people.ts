import type { Egress } from '@conclave/nest-kit/egress';
import { z } from 'zod';
import type { Json } from '../scim/protocol.js';
import type { Settings } from './postgres-directories.js';

/** Somebody as the provider describes them. */
export interface Person {
  /** What the provider calls them when they sign in. */
  readonly subject: string;
  readonly blocked: boolean;
  /** The same as a directory would send it (RFC 7643 § 4.1). */
  readonly resource: Json;
}

/** The provider did not tell who its people are. For operators: it names no secret. */
export class ReadingFailed extends Error {
  override readonly name = 'ReadingFailed';
}

const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ANSWER_BYTES = 2_000_000;
const TIMEOUT_MS = 15_000;
const PAGE = 100;
/** Auth0 answers no question with more than this many people, whatever the page. */
const ANSWERED_AT_MOST = 1_000;
export const PEOPLE_LIMIT = 20_000;
const FIELDS = 'user_id,name,given_name,family_name,nickname,email,blocked,created_at';

const text = z.string().max(1_000).nullish();
const user = z.object({
  user_id: z.string().min(1).max(255),
  created_at: z.iso.datetime(),
  blocked: z.boolean().nullish(),
  ...{ name: text, given_name: text, family_name: text, nickname: text, email: text },
});
type User = z.output<typeof user>;
/** An answer with totals: what is none has no people in it, which is not the same as nobody. */
const answer = z.object({ users: z.array(user) });

const token = z.object({ access_token: z.string().min(1).max(16_384) });

/**
 * Everybody the Auth0 tenant has, by its management's user search: oldest first, and where a question would have more
 * answers than it gives, the next one begins at the last of them.
 *
 * @throws ReadingFailed
 */
export async function auth0People(egress: Egress, settings: Settings, clientSecret: string): Promise<Person[]> {
  try {
    const client = await clientOf(egress, settings, clientSecret);
    const people = new Map<string, User>();
    for (let since: string | undefined; ;) {
      const found = await answersSince(client, settings, since);
      for (const one of found) people.set(one.user_id, one);
      if (people.size > PEOPLE_LIMIT) throw new ReadingFailed(`it has more than ${PEOPLE_LIMIT} people: narrow query`);
      const last = found.at(-1)?.created_at;
      if (found.length < ANSWERED_AT_MOST || last === undefined) return [...people.values()].map(personOf);
      if (last === since) throw new ReadingFailed(`more than ${ANSWERED_AT_MOST} people were made at ${last}`);
      since = last;
    }
  } catch (error) {
    throw error instanceof ReadingFailed ? error : new ReadingFailed(reasonOf(error), { cause: error });
  }
}

type Client = Awaited<ReturnType<typeof clientOf>>;

/** The SDK knows https and one host; what it asks goes through the guarded way out to the origin of the settings. */
async function clientOf(egress: Egress, { url, clientId }: Settings, clientSecret: string) {
  const { origin, host } = new URL(url);
  const ask = (address: string, init: RequestInit = {}): Promise<Response> =>
    egress.fetch(
      address.replace(`https://${host}/`, `${origin}/`),
      {
        method: init.method ?? 'GET',
        headers: Object.fromEntries(new Headers(init.headers)),
        timeoutMs: TIMEOUT_MS,
        ...(typeof init.body === 'string' ? { body: init.body } : {}),
      },
      ANSWER_BYTES,
    );
  const { ManagementClient } = await import('auth0');
  return new ManagementClient({
    ...{ domain: host, telemetry: false, maxRetries: 3 },
    token: () => accessToken(ask, { url: origin, clientId, clientSecret }),
    fetch: (address: string | URL | Request, init?: RequestInit) =>
      ask(address instanceof Request ? address.url : String(address), init),
  });
}

/** By client credentials (RFC 6749 § 4.4), for the management's audience. */
async function accessToken(
  ask: (address: string, init: RequestInit) => Promise<Response>,
  { url, clientId, clientSecret }: { url: string; clientId: string; clientSecret: string },
): Promise<string> {
  const answer = await ask(`${url}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret },
      audience: `${url}/api/v2/`,
    }),
  });
  if (!answer.ok) throw new ReadingFailed(`it gives the client no token (${answer.status})`);
  return token.parse(await answer.json()).access_token;
}

async function answersSince(client: Client, { query }: Settings, since: string | undefined): Promise<User[]> {
  const terms = [...(query ? [`(${query})`] : []), ...(since ? [`created_at:["${since}" TO *]`] : [])];
  const found: User[] = [];
  for (let page = 0; page * PAGE < ANSWERED_AT_MOST; page++) {
    const { response } = await client.users.list({
      ...{ page, per_page: PAGE, include_totals: true, fields: FIELDS, sort: 'created_at:1', search_engine: 'v3' },
      ...(terms.length > 0 && { q: terms.join(' AND ') }),
    });
    const { users } = answer.parse(response);
    found.push(...users);
    if (users.length < PAGE) break;
  }
  return found;
}

function personOf({ user_id: subject, blocked, name, given_name, family_name, nickname, email }: User): Person {
  const called = [name, nickname].find((one) => one?.trim());
  return {
    subject,
    blocked: blocked === true,
    resource: {
      schemas: [USER_SCHEMA],
      // An address may be two people's; this name is one's.
      ...{ userName: subject, externalId: subject, active: blocked !== true },
      ...(called && { displayName: called }),
      ...((given_name || family_name) && {
        name: { ...(given_name && { givenName: given_name }), ...(family_name && { familyName: family_name }) },
      }),
      ...(email && { emails: [{ value: email, primary: true }] }),
    },
  };
}

/** The SDK's errors have the answer in them, which may name what is nobody's business. */
function reasonOf(error: unknown): string {
  const status = (error as { statusCode?: number }).statusCode;
  if (status !== undefined) return `its management answers ${status}`;
  if (error instanceof z.ZodError) return 'its management answers something else than people';
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return inner instanceof Error && ['EgressRefusedError', 'TimeoutError'].includes(inner.name)
    ? inner.message
    : 'it cannot be reached';
}
