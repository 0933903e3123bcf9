import { ConclaveError, problemOf, type ReplyOf, type RequestOf, type scim } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import SCIMMY from 'scimmy';
import { callerOf } from '../members/caller.js';
import type { Directory } from './postgres-scim.js';
import { mentions } from './filter.js';
import { listAsked, searchQuery, type ListAsked } from './listing.js';
import { pageOf, refuse, scimError, type Json } from './protocol.js';
import { answering, discoveryDocument, patched, received, vocabularies, wholeVocabulary } from './resources.js';
import { ScimGroups } from './scim-groups.js';
import { ScimUsers } from './scim-users.js';
import { selecting } from './selection.js';
import type { Kind } from './vocabulary.js';

type Request = RequestOf<typeof scim.scimRequest>;
type Reply = ReplyOf<typeof scim.scimRequest>;

/** What a request is carried out on. */
interface Work {
  readonly tx: Tx;
  readonly at: Directory;
  readonly request: Request;
  readonly kind: Kind;
}

/**
 * Answers a directory. A refusal is an answer, too: it undoes whatever the request began.
 *
 * Source: RFC 7644 § 3.
 */
@Injectable()
export class AnswerScim {
  constructor(
    private readonly db: Database,
    private readonly users: ScimUsers,
    private readonly groups: ScimGroups,
  ) {}

  async run(ctx: RequestContext, request: Request): Promise<Reply> {
    try {
      const [name = '', id, ...more] = request.path.split('/');
      if (more.length > 0) refuse(404, 'there is nothing at this path');
      const { tenantId, workspaceId } = callerOf(ctx);
      const on = (work: (on: Pick<Work, 'tx' | 'at'>) => Promise<Reply>) =>
        this.db.tx(ctx, (tx) => work({ tx, at: { tenantId, workspaceId } }));
      if ((id ?? name) === '.search') return await on((at) => this.search({ ...at, request }, id && name));
      if (isKind(name)) return await on((at) => this.carryOut({ ...at, request, kind: name }, id));
      const document = await discoveryDocument(name, id);
      if (!document) refuse(404, 'there is nothing at this path');
      if (request.method !== 'GET') refuse(405, 'this can only be read');
      return { status: 200, body: document as Reply['body'] };
    } catch (error) {
      return refusalOf(error);
    }
  }

  /** A list asked for by a body; of people and then groups, where no kind is named (RFC 7644 § 3.4.3). */
  private async search({ request, ...on }: Omit<Work, 'kind'>, name: string | undefined): Promise<Reply> {
    if (request.method !== 'POST') refuse(405, 'a search is posted');
    if (name !== undefined && !isKind(name)) refuse(404, 'there is nothing at this path');
    const query = searchQuery(bodyOf(request));
    const asked = listAsked(name === undefined ? wholeVocabulary : vocabularies[name], query);
    const list = (kind: Kind, page: object = {}) =>
      this.list({ ...on, kind, request: { ...request, query } }, { ...asked, ...page });
    if (name !== undefined) return { status: 200, body: (await list(name)) as Reply['body'] };
    const { startIndex, count } = asked;
    const people = await list('Users');
    const [found, total] = [people['Resources'] as Json[], people['totalResults'] as number];
    const rest = { startIndex: Math.max(1, startIndex - total), count: count - found.length };
    const groups = await list('Groups', rest);
    const all = [...found, ...(groups['Resources'] as Json[])];
    return { status: 200, body: pageOf(all, total + (groups['totalResults'] as number), startIndex) as Reply['body'] };
  }

  private async carryOut(work: Work, id: string | undefined): Promise<Reply> {
    const { method } = work.request;
    if (id === undefined || id === '') {
      if (method === 'GET') {
        const asked = listAsked(vocabularies[work.kind], work.request.query);
        return { status: 200, body: (await this.list(work, asked)) as Reply['body'] };
      }
      if (method !== 'POST') refuse(405, 'a list can be read and added to');
      const made = await this.of(work).create(work.tx, work.at, received(work.kind, bodyOf(work.request)));
      return this.answer(work, made, 201);
    }
    if (method === 'POST') refuse(405, 'a resource is made by its list');
    const before = await this.of(work).read(work.tx, work.at, id, method !== 'GET');
    mustMatch(work.request.ifMatch, before);
    if (method === 'GET') return this.answer(work, before, 200);
    if (method === 'DELETE') {
      await this.of(work).remove(work.tx, work.at, id);
      return { status: 204 };
    }
    const body = bodyOf(work.request);
    const wanted = method === 'PUT' ? body : patched(work.kind, before, body);
    return this.answer(work, await this.of(work).become(work.tx, work.at, id, received(work.kind, wanted)), 200);
  }

  private list({ tx, at, request, kind }: Work, asked: ListAsked): Promise<Json> {
    const view = viewOf(kind, request);
    if (kind === 'Users') return this.users.list(tx, at, asked, view);
    const excluded = request.query['excludedAttributes']?.split(',').some((name) => /^\s*members\s*$/i.test(name));
    const isLookedAt = [asked.filter && mentions(asked.filter, 'members'), asked.sortBy?.[0].name === 'members'];
    return this.groups.list(tx, at, asked, view, excluded === true && !isLookedAt.includes(true));
  }

  private of({ kind }: Work): Pick<ScimUsers, 'read' | 'create' | 'become' | 'remove'> {
    return kind === 'Users' ? this.users : this.groups;
  }

  private answer({ request, kind }: Work, resource: Json, status: number): Reply {
    const body = viewOf(kind, request)(resource) as Reply['body'];
    const { version } = resource['meta'] as { readonly version: string };
    const location = `${request.base}/${kind}/${String(resource['id'])}`;
    return { status, body, etag: version, ...(status === 201 && { location }) };
  }
}

const isKind = (name: string): name is Kind => name === 'Users' || name === 'Groups';

/** Resources as this request is told them. */
function viewOf(kind: Kind, { base, query }: Request): (resource: Json) => Json {
  const [tell, select] = [answering(kind, base), selecting(vocabularies[kind], query)];
  return (resource) => select(tell(resource));
}

const bodyOf = ({ body }: Request): Json => body ?? refuse(400, 'the request has no body', 'invalidSyntax');

/** @throws 412 when the resource is another version than was expected */
function mustMatch(ifMatch: string | undefined, resource: Json): void {
  const { version } = resource['meta'] as { readonly version: string };
  const expected = ifMatch?.split(',').map((tag) => tag.trim().replace(/^(?:W\/)?/, 'W/'));
  if (expected && ifMatch !== '*' && !expected.includes(version)) refuse(412, `the resource is at version ${version}`);
}

/** The answer for what was refused by the protocol, by a rule of the house, or by the library that reads the protocol. */
function refusalOf(error: unknown): Reply {
  if (error instanceof SCIMMY.Types.Error) {
    const { status, message, scimType } = error as unknown as { status: number; message: string; scimType?: string };
    return { status: Number(status), body: scimError(Number(status), message, scimType) as Reply['body'] };
  }
  if (!(error instanceof ConclaveError)) throw error;
  const { status, title, code } = problemOf(error);
  return { status, body: { ...scimError(status, title), code } };
}
