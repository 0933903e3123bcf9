import { audit, records, type RequestOf } from '@conclave/contracts';
import { Handles, type HttpExchange, type RequestContext } from '@conclave/nest-kit';
import { Database, once } from '@conclave/postgres-kit';
import { Controller, Inject } from '@nestjs/common';
import { CreateExport } from './create-export.js';
import { SearchEntries } from './search-entries.js';
import { StreamExport } from './stream-export.js';

/** Finding entries and taking them away. */
@Controller()
export class RecordsController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(SearchEntries) private readonly search: SearchEntries,
    @Inject(CreateExport) private readonly exports: CreateExport,
    @Inject(StreamExport) private readonly content: StreamExport,
  ) {}

  @Handles(audit.listAuditEntries)
  entries(ctx: RequestContext, request: RequestOf<typeof audit.listAuditEntries>) {
    return this.search.run(ctx, request);
  }

  @Handles(records.createExport)
  export(ctx: RequestContext, request: RequestOf<typeof records.createExport>) {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, records.createExport, request, () => this.exports.run(tx, ctx, request)),
    );
  }

  @Handles(records.createSubjectExport)
  exportSubject(ctx: RequestContext, request: RequestOf<typeof records.createSubjectExport>) {
    const { subject: about, log } = request;
    const asked = { format: 'jsonl', filter: { about }, range: {}, log } as const;
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, records.createSubjectExport, request, () => this.exports.run(tx, ctx, asked)),
    );
  }

  @Handles(records.getExport)
  async progress(ctx: RequestContext, { id }: RequestOf<typeof records.getExport>) {
    return (await this.exports.find(ctx, id)).view;
  }

  @Handles(records.getExportContent)
  lines(ctx: RequestContext, request: RequestOf<typeof records.getExportContent>, http: HttpExchange) {
    return this.content.run(ctx, request, http);
  }
}
