export { startStores, type Stores } from './stores/stores.js';
export type { StoreName, StoreOptions } from './stores/store.js';
export type { NatsUser } from './stores/nats.js';
export { startConstellation, type Constellation, type ConstellationOptions } from './testing/constellation.js';
