import { Inject, Injectable } from '@nestjs/common';
import {
  newId,
  sessions,
  type CreateRunRequest,
  type RequestOf,
  type Session,
  type SessionMessage,
} from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, mustFitPage, once } from '@conclave/postgres-kit';
import { journalJson } from '../engine/journal-form.js';
import { StartRun, starterOf } from '../runs/start-run.js';
import { insertMessage, listSessions, nextMessage, pageOfMessages, readSession } from './postgres-sessions.js';

/**
 * Sessions: made, read, talked to, archived. Each message is a run. Turns of one session go one at a time, in the order
 * of its messages; while one waits, the next is taken up.
 */
@Injectable()
export class ManageSessions {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(StartRun) private readonly starter: StartRun,
  ) {}

  create(ctx: RequestContext, request: RequestOf<typeof sessions.createSession>): Promise<Session> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, sessions.createSession, request, async () => {
        mustFitPage(request.agent);
        const id = newId('session');
        await tx.query(
          'insert into session (tenant_id, id, workspace_id, title, actor, agent) values ($1, $2, $3, $4, $5, $6)',
          [ctx.tenantId, id, ctx.workspaceId, request.title, ctx.actor, journalJson(request.agent)],
        );
        return readSession(tx, ctx, id);
      }),
    );
  }

  list(ctx: RequestContext, page: RequestOf<typeof sessions.listSessions>) {
    return listSessions(this.db.autocommit(ctx), ctx, page);
  }

  get(ctx: RequestContext, id: string): Promise<Session> {
    return readSession(this.db.autocommit(ctx), ctx, id);
  }

  archive(ctx: RequestContext, request: RequestOf<typeof sessions.archiveSession>): Promise<Session> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, sessions.archiveSession, request, async () => {
        await readSession(tx, ctx, request.id);
        await tx.query(
          `update session set archived_at = coalesce(archived_at, clock_timestamp()), updated_at = clock_timestamp()
           where tenant_id = $1 and id = $2`,
          [ctx.tenantId, request.id],
        );
        return readSession(tx, ctx, request.id);
      }),
    );
  }

  say(ctx: RequestContext, request: RequestOf<typeof sessions.sendMessage>): Promise<SessionMessage> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, sessions.sendMessage, request, async () => {
        const { id, text } = request;
        // Who talks in it wakes it: what does not need the other's answer travels with it.
        const [session, no] = await Promise.all([readSession(tx, ctx, id), nextMessage(tx, ctx, id)]);
        const run = await this.starter.start(tx, starterOf(ctx), requestOf(session, text), {
          title: `${session.title} ${no}`.slice(0, 120),
          trigger: { kind: 'message', session: id, no, text },
        });
        const [, page] = await Promise.all([
          insertMessage(tx, ctx, { session: id, no, text, run }),
          pageOfMessages(tx, ctx.tenantId, { id, limit: 1 }),
        ]);
        return page.items[0]!;
      }),
    );
  }

  async messages(ctx: RequestContext, request: RequestOf<typeof sessions.listMessages>) {
    const db = this.db.autocommit(ctx);
    await readSession(db, ctx, request.id);
    return pageOfMessages(db, ctx.tenantId, request);
  }
}

function requestOf({ id, agent: { agent, input } }: Session, text: string): CreateRunRequest {
  const said = agent === 'model' ? { ...input, prompt: text } : input;
  return { agent, input: said, session: id, priority: 'normal', waitMs: 0 };
}
