/**
 * Logs in a bucket of an S3-compatible service. Full tiles and every version of a checkpoint are locked for their time
 * (Object Lock, COMPLIANCE): nobody takes them away before, with whatever key. Partial tiles are not: a full one follows.
 */
import { createHash } from 'node:crypto';
import { Egress } from '@conclave/nest-kit/egress';
import type { AuditConfig } from '../config.js';
import { CHECKPOINT_TYPE, TILE_TYPE, type LogStore } from './log-store.js';
import { S3Bucket } from './s3-bucket.js';

const DAY_MS = 86_400_000;

/** @param url `s3://BUCKET[/PREFIX]` @throws Error when the environment lacks what a bucket is reached by */
export function s3LogStore(url: URL, config: AuditConfig): LogStore {
  const { AUDIT_S3_ENDPOINT, AUDIT_S3_REGION, AUDIT_S3_ACCESS_KEY_ID, AUDIT_S3_SECRET_ACCESS_KEY } = config;
  if (!AUDIT_S3_ENDPOINT || !AUDIT_S3_ACCESS_KEY_ID || !AUDIT_S3_SECRET_ACCESS_KEY)
    throw new Error('AUDIT_STORE names a bucket: set AUDIT_S3_ENDPOINT, _ACCESS_KEY_ID and _SECRET_ACCESS_KEY, too');
  const address = {
    ...{ endpoint: AUDIT_S3_ENDPOINT, bucket: url.hostname, region: AUDIT_S3_REGION },
    ...{ accessKeyId: AUDIT_S3_ACCESS_KEY_ID, secretAccessKey: AUDIT_S3_SECRET_ACCESS_KEY },
  };
  const bucket = new S3Bucket(address, new Egress(config.AUDIT_S3_ALLOW));
  const prefix = url.pathname.replace(/^\/|\/$/g, '');
  const keyOf = (path: string): string => (prefix ? `${prefix}/${path}` : path);

  const put = (path: string, bytes: Uint8Array, type: string, locked: boolean): Promise<void> =>
    bucket.put(keyOf(path), bytes, {
      'content-type': type,
      'content-md5': createHash('md5').update(bytes).digest('base64'),
      ...(locked && config.AUDIT_S3_LOCK_DAYS > 0 ? lockFor(config.AUDIT_S3_LOCK_DAYS) : {}),
    });
  return {
    keep: (path, bytes) => put(path, bytes, TILE_TYPE, !path.includes('.p/')),
    publish: (path, note) => put(path, Buffer.from(note), CHECKPOINT_TYPE, true),
    read: (path) => bucket.get(keyOf(path)),
    async forgetPartial(path) {
      for (const key of await bucket.list(`${keyOf(path)}.p/`)) await bucket.delete(key);
    },
  };
}

const lockFor = (days: number): Record<string, string> => ({
  'x-amz-object-lock-mode': 'COMPLIANCE',
  'x-amz-object-lock-retain-until-date': new Date(Date.now() + days * DAY_MS).toISOString(),
});
