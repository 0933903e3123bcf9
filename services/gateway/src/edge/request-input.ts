import { ConclaveError, pathParams, type Contract } from '@conclave/contracts';
import { parseRequest } from '@conclave/nest-kit';
import type { FastifyRequest } from 'fastify';
import { parseStrictJson, refuseUnstorable } from './strict-json.js';

export const JSON_TYPE = 'application/json';
export const BYTES_TYPE = 'application/octet-stream';
/** Largest JSON body; NATS would refuse a larger message. */
const JSON_LIMIT_BYTES = 1_000_000;

/**
 * The request a contract describes, from path, query and JSON body; each member has exactly one place.
 *
 * @throws ConclaveError `request.invalid` | `request.malformed` | `request.media-type` | `request.too-large`
 */
export async function readRequest(contract: Contract, request: FastifyRequest): Promise<unknown> {
  const body = contract.transport === 'rpc' ? await readJson(request) : {};
  const members = new Map<string, unknown>();
  const params = pathParams(contract.http!.path, request.params as Record<string, unknown>);
  for (const source of [params, request.query, body]) {
    for (const [name, value] of Object.entries(source as object)) {
      if (members.has(name)) throw invalid(name, 'given twice');
      members.set(name, value);
    }
  }
  const merged = Object.fromEntries(members);
  refuseUnstorable(merged);
  return parseRequest(contract, merged);
}

/** The JSON object in the body; an absent body is an empty one. A GET has none. */
export async function readJson(
  request: FastifyRequest,
  limitBytes = JSON_LIMIT_BYTES,
  types: readonly string[] = [JSON_TYPE],
): Promise<object> {
  if (request.method === 'GET' || request.method === 'HEAD') return {};
  const type = request.headers['content-type'];
  if (type !== undefined || hasBody(request)) requireMediaType(type, ...types);
  const bytes = await readBody(request, limitBytes);
  if (bytes.length === 0) return {};
  const value = parseStrictJson(bytes);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('', 'expected an object');
  return value;
}

/** @throws ConclaveError `request.media-type` unless the type is an accepted one, in UTF-8 */
export function requireMediaType(given: string | undefined, ...accepted: readonly string[]): void {
  const [type, ...parameters] = (given ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const fits = accepted.includes(type!) && parameters.every((parameter) => /^(charset="?utf-8"?)?$/.test(parameter));
  if (!fits) throw new ConclaveError('request.media-type', { accepted });
}

const invalid = (path: string, message: string) =>
  new ConclaveError('request.invalid', { issues: [{ path, message }] });

const hasBody = ({ headers }: FastifyRequest): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

async function readBody(request: FastifyRequest, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of limitedBody(request, limitBytes)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * The bytes of the body as they come, up to a limit. Leaving early keeps the connection, so that the client can still
 * be told why.
 *
 * @throws ConclaveError `request.too-large`
 */
export async function* limitedBody(request: FastifyRequest, limitBytes: number): AsyncGenerator<Buffer, void> {
  const tooLarge = (): ConclaveError => new ConclaveError('request.too-large', { limitBytes });
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) throw tooLarge();
  let bytes = 0;
  for await (const chunk of request.raw.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limitBytes) throw tooLarge();
    yield chunk;
  }
}
