export { bootstrapService, type RunningService, type ServiceSpec } from './bootstrap.js';
export {
  ConfigError,
  baseEnvironment,
  databaseEnvironment,
  loadConfig,
  type BaseConfig,
  type DatabaseConfig,
} from './config.js';
export {
  contextTokens,
  type ContextClaims,
  type ContextKeys,
  type ContextTokens,
  type PermissionBasis,
  type SignInStanding,
  type VerifiedContext,
} from './context-token.js';
export {
  createDispatcher,
  deadlineOf,
  parseRequest,
  toConclaveError,
  type Dispatcher,
  type Incoming,
} from './dispatch.js';
export { publishGathered } from './gather-writes.js';
export { Gathering } from './gathering.js';
export { Handles, type HttpExchange, type RpcHandler, type StreamHandler } from './handles.js';
export { newRecipient, sealTo } from './hpke.js';
export { CONFIG, KIT, LOG, METRICS, openKit, type Kit, type Resource, type ResourceFactory } from './kit.js';
export { createLogger } from './logger.js';
export { Networks } from './networks.js';
export { permits, refuseUnpermitted, type Terms } from './permission.js';
export type { RequestContext } from './request-context.js';
export { RpcClient, type CallOptions } from './rpc-client.js';
export { RpcServer } from './rpc-server.js';
export { selfSignedCertificate } from './self-signed-certificate.js';
export { SecretBox, secretKey } from './secret-box.js';
export { SpanKind, activeTraceId, extractTrace, inSpan, injectTrace, startTelemetry } from './tracing.js';
export { offersUpgrade, takeUpgrade, type Upgrade } from './upgrades.js';
export { within } from './within.js';
export { MAX_BODY_BYTES, decodeBody, encodeBody, headersOf, openReply, wireHeaders } from './wire.js';
export { BlobError, type BlobRef, type BlobStore, type PutOptions, type SweepOptions } from './blob-store.js';
export { flushDir, makeDir } from './durable-dir.js';
export { fsBlobStore, type FsBlobStoreOptions } from './fs-blob-store.js';
