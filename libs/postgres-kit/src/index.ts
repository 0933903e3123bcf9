export {
  Database,
  Role,
  lock,
  lockAlongside,
  outboundEvent,
  verdictJson,
  type Actor,
  type OutboundEvent,
  type Statements,
  type Tx,
} from './database.js';
export {
  BY_KEY,
  entityConnections,
  pgConnections,
  type Connection,
  type ConnectionSource,
  type PoolOptions,
} from './connections.js';
export { Consumer, type ConsumerHandler, type ConsumerParts } from './consumer.js';
export { DeadLetters } from './dead-letters.js';
export { Gathered } from './gathered.js';
export { GroupCommit, type ItemOutcome } from './group-commit.js';
export { holdTenant, releaseTenant } from './held-tenants.js';
export { MigrationError, migrate, schemas, type MigrateOptions, type Schema } from './migrate.js';
export { once } from './once.js';
export { isOutage } from './outage.js';
export { mustFitPage, pageBy, pageOf } from './page.js';
export { pastDeadlocks } from './past-deadlocks.js';
export { Relay, placedEvent, readLog, type EventRow, type PlacedEvent } from './relay.js';
export { Consumes, ConsumesTogether, Erases, postgres, type PostgresOptions } from './resource.js';
export { askToErase } from './tenant-eraser.js';
