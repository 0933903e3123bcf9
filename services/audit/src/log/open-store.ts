import { fileURLToPath } from 'node:url';
import { ConclaveError } from '@conclave/contracts';
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
  const store = url.protocol === 'file:' ? fsLogStore(fileURLToPath(url)) : s3LogStore(url, config);
  return { ...store, read: (path) => store.read(path).catch(unanswered) };
}

/** Not to know what was published is not to know that nothing was. @throws ConclaveError `audit.store.unreadable` */
function unanswered(cause: unknown): never {
  throw new ConclaveError('audit.store.unreadable', {}, { cause });
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
