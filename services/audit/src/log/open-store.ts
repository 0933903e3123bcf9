import { fileURLToPath } from 'node:url';
import { CONFIG } from '@conclave/nest-kit';
import type { FactoryProvider } from '@nestjs/common';
import type { AuditConfig } from '../config.js';
import { fsLogStore } from './fs-log-store.js';
import { HEAD_KEEPERS, type HeadKeeper } from './head-keeper.js';
import { pathOf } from './log-name.js';
import { LOG_STORE, type LogStore } from './log-store.js';
import { s3LogStore } from './s3-log-store.js';

/** The store that the environment names; null when it names none. */
export function openStore(config: AuditConfig): LogStore | null {
  if (config.AUDIT_STORE === undefined) return null;
  const url = new URL(config.AUDIT_STORE);
  return url.protocol === 'file:' ? fsLogStore(fileURLToPath(url)) : s3LogStore(url, config);
}

/** The store keeps the newest checkpoint of what is published in it. */
export const keeperOf = (store: LogStore): HeadKeeper => ({
  name: 'store',
  async newest(log) {
    const note = await store.read(`${pathOf(log)}/checkpoint`);
    return note && Buffer.from(note).toString();
  },
});

export const storeProviders: readonly FactoryProvider[] = [
  { provide: LOG_STORE, inject: [CONFIG], useFactory: openStore },
  {
    provide: HEAD_KEEPERS,
    inject: [LOG_STORE],
    useFactory: (store: LogStore | null) => [store ?? []].flat().map(keeperOf),
  },
];
