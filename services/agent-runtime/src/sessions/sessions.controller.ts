import { Controller, Inject } from '@nestjs/common';
import { sessions, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { ManageSessions } from './manage-sessions.js';

@Controller()
export class SessionsController {
  constructor(@Inject(ManageSessions) private readonly manage: ManageSessions) {}

  @Handles(sessions.createSession)
  create(ctx: RequestContext, request: RequestOf<typeof sessions.createSession>) {
    return this.manage.create(ctx, request);
  }

  @Handles(sessions.listSessions)
  list(ctx: RequestContext, request: RequestOf<typeof sessions.listSessions>) {
    return this.manage.list(ctx, request);
  }

  @Handles(sessions.getSession)
  get(ctx: RequestContext, { id }: { id: string }) {
    return this.manage.get(ctx, id);
  }

  @Handles(sessions.archiveSession)
  archive(ctx: RequestContext, request: RequestOf<typeof sessions.archiveSession>) {
    return this.manage.archive(ctx, request);
  }

  @Handles(sessions.sendMessage)
  say(ctx: RequestContext, request: RequestOf<typeof sessions.sendMessage>) {
    return this.manage.say(ctx, request);
  }

  @Handles(sessions.listMessages)
  messages(ctx: RequestContext, request: RequestOf<typeof sessions.listMessages>) {
    return this.manage.messages(ctx, request);
  }
}
