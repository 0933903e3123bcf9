import { mails, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { ListMails } from './list-mails.js';
import { NoteDevice } from './note-device.js';

@Controller()
export class MailsController {
  constructor(
    private readonly listMails: ListMails,
    private readonly noteDevice: NoteDevice,
  ) {}

  @Handles(mails.listMails)
  list(ctx: RequestContext, request: RequestOf<typeof mails.listMails>) {
    return this.listMails.run(ctx, request);
  }

  @Handles(mails.noteDevice)
  note(_ctx: RequestContext, request: RequestOf<typeof mails.noteDevice>) {
    return this.noteDevice.run(request);
  }
}
