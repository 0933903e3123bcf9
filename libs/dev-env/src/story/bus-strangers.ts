/**
 * The wall between tenants behind the edge, at every operation the contracts name: what its owner says to a stranger on
 * the bus, or of a stream at its own listener, with ids of another tenant and with ids of nothing, under contexts that are
 * good for less than that and under those that are good for nothing.
 */
import {
  caps,
  ConclaveError,
  connections,
  contracts,
  problemOf,
  readEvents,
  serviceNames,
  type Contract,
  type ServiceName,
} from '@conclave/contracts';
import { wireHeaders } from '@conclave/nest-kit';
import type { Inside } from './inside.js';
import { askWith, plain, requests, type Answer, type Request, type Routed } from './strangers.js';

/** Operations that answer services about every tenant, whichever their context names. */
export const acrossTenants: Readonly<Record<string, string>> = Object.fromEntries(
  Object.values(readEvents).map(({ subject }) => [subject, 'the log of events, to services that consume it']),
);

/** Of operations that say again what the stranger said before, the prefix of the id: what there is not is capped in vain. */
export const saysAgain: Readonly<Record<string, string>> = { [caps.listCaps.subject]: 'wsp' };

const browsers = 'a connection is where anybody may begin, and its id is in the address';
/** Operations that answer the edge otherwise about what is there, before anybody is known. */
export const tellsApart: Readonly<Record<string, string>> = {
  [connections.beginConnectionSignIn.subject]: browsers,
  [connections.getSamlMetadata.subject]: browsers,
  [connections.getClientKeys.subject]: browsers,
};

export interface Said {
  readonly operation: string;
  /** Under which context. */
  readonly under: string;
  readonly answer: Answer;
  /** What the answer holds that the stranger did not send. */
  readonly revealed: readonly string[];
  readonly code: string;
  /** What the code has to be; any unless told. */
  readonly codes?: readonly string[];
  /** What is said of what is there, and of what never was. */
  readonly apart?: readonly [string, string];
}

export interface Stranger {
  /** A context of the stranger's own, genuine. */
  readonly context: string;
  readonly tenant: string;
  /** Contexts of the other tenant, each with what is wrong with it. */
  readonly forged: readonly (readonly [string, string])[];
  readonly other: string;
  /** A principal of the other tenant. */
  readonly onBehalfOf: string;
}

/** Of those that are wrong, some at every operation, and of the others a few, so that each is tried somewhere. */
const EVERYWHERE = [
  'that expired',
  'for another audience',
  'of another service in the name of auth',
  'for a principal, by a service that is not auth',
  'with another tenant written in',
];
const FEW = 4;

/** Asks for every operation as one who belongs to another tenant. */
export async function* askBehindTheEdge(
  inside: Inside,
  stranger: Stranger,
  theirs: ReadonlyMap<string, string>,
  secrets: readonly string[],
): AsyncGenerator<Said> {
  for (const [n, operation] of contracts.entries()) {
    const { known, unknown } = requests(operation, theirs);
    const say = async (under: string, token: string, request: Request = known.request) => {
      const answer = await ask(inside, operation, request, token);
      const revealed = secrets.filter((secret) => answer.text.includes(secret) && !known.ids.includes(secret));
      return { operation: operation.subject, under, answer, revealed, code: codeOf(answer) };
    };
    for (const [under, token] of await ownContexts(inside, operation, stranger)) {
      const said = await say(under, token);
      const mayTell = operation.subject in tellsApart && under !== 'a genuine context';
      if (known.ids.length === 0 || mayTell) yield said;
      else {
        const guess = await ask(inside, operation, unknown.request, token);
        yield { ...said, apart: [plain(said.answer, known.ids), plain(guess, unknown.ids)] };
      }
      const otherwise = { ...known.request, tenant: stranger.other, tenantId: stranger.other };
      const codes = ['request.invalid', said.code];
      yield { ...(await say(`${under}, with another tenant in the request`, token, otherwise)), codes };
    }
    const wrong = stranger.forged.filter(
      ([how], at) => EVERYWHERE.includes(how) || (at + n * FEW) % stranger.forged.length < FEW,
    );
    for (const said of await Promise.all(
      [['no context', ''] as const, ...wrong].map(([how, token]) => say(how, token)),
    ))
      yield { ...said, codes: ['auth.unauthenticated'] };
    for (const service of strangersTo(operation)) {
      const token = await inside.signedBy(service, { tenantId: stranger.other });
      yield { ...(await say(`a context that ${service} signed`, token)), codes: ['auth.forbidden'] };
    }
  }
}

/** Contexts that are good, and are not of the tenant that is named under them. */
async function ownContexts(inside: Inside, operation: Contract, { context, tenant, onBehalfOf }: Stranger) {
  const callers = serviceNames.filter((service) => mayCall(operation, service));
  const signed = callers.map(async (service): Promise<[string, string][]> => [
    [
      `a context that ${service} signed for another tenant`,
      await inside.signedBy(service, { tenantId: tenant, onBehalfOf }),
    ],
    [`a context that ${service} signed for no tenant`, await inside.signedBy(service, {})],
  ]);
  return [['a genuine context', context] as [string, string], ...(await Promise.all(signed)).flat()];
}

/** The edge speaks for itself only where nobody but services may. */
const mayCall = ({ permission, callers }: Contract, service: ServiceName): boolean =>
  callers.includes(service) && (service !== 'gateway' || permission === 'service');

/** Three of those who may not. The edge comes first, and it may nowhere but where nobody except services may. */
const strangersTo = (operation: Contract): readonly ServiceName[] =>
  serviceNames.filter((service) => !mayCall(operation, service)).slice(0, 3);

async function ask(inside: Inside, operation: Contract, request: Request, token: string): Promise<Answer> {
  if (operation.transport === 'stream')
    return askWith({ [wireHeaders.token]: token }, inside.urlOf(operation.owner), operation as Routed, request);
  const { rpc } = await inside.as(operation.callers[0]!);
  try {
    const reply = await rpc.call(operation, request, { token });
    return { status: 200, text: JSON.stringify(reply) };
  } catch (error) {
    if (!(error instanceof ConclaveError)) throw error;
    const problem = problemOf(error);
    return { status: problem.status, text: JSON.stringify(problem) };
  }
}

const codeOf = ({ status, text }: Answer): string =>
  status === 200 ? 'ok' : (JSON.parse(text) as { code: string }).code;
