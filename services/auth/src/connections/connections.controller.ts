import { connections, type RequestOf } from '@conclave/contracts';
import { Handles, type RequestContext } from '@conclave/nest-kit';
import { Controller } from '@nestjs/common';
import { ChangeConnection } from './change-connection.js';
import { CreateConnection } from './create-connection.js';
import { DeleteConnection } from './delete-connection.js';
import { ReadConnections } from './read-connections.js';
import { TestConnection } from './test-connection.js';

@Controller()
export class ConnectionsController {
  constructor(
    private readonly createConnection: CreateConnection,
    private readonly changeConnection: ChangeConnection,
    private readonly deleteConnection: DeleteConnection,
    private readonly readConnections: ReadConnections,
    private readonly testConnection: TestConnection,
  ) {}

  @Handles(connections.createConnection)
  create(ctx: RequestContext, request: RequestOf<typeof connections.createConnection>) {
    return this.createConnection.run(ctx, request);
  }

  @Handles(connections.listConnections)
  list(ctx: RequestContext, request: RequestOf<typeof connections.listConnections>) {
    return this.readConnections.list(ctx, request);
  }

  @Handles(connections.getConnection)
  get(ctx: RequestContext, request: RequestOf<typeof connections.getConnection>) {
    return this.readConnections.one(ctx, request);
  }

  @Handles(connections.changeConnection)
  change(ctx: RequestContext, request: RequestOf<typeof connections.changeConnection>) {
    return this.changeConnection.run(ctx, request);
  }

  @Handles(connections.deleteConnection)
  delete(ctx: RequestContext, request: RequestOf<typeof connections.deleteConnection>) {
    return this.deleteConnection.run(ctx, request);
  }

  @Handles(connections.testConnection)
  test(_ctx: RequestContext, request: RequestOf<typeof connections.testConnection>) {
    return this.testConnection.run(request);
  }
}
