export { startStores, type Stores } from './stores/stores.js';
export type { StoreName, StoreOptions } from './stores/store.js';
export type { NatsUser } from './stores/nats.js';
