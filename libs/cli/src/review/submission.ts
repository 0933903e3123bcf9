import { randomUUID } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBundle } from '@conclave/connectors';
import { runtime, type RequestInputOf, type Run } from '@conclave/contracts';
import type { Client } from '@conclave/sdk';
import type { ChangeUnderReview } from './change-under-review.js';

/** What the author says besides the change itself. */
export type Wishes = Pick<RequestInputOf<typeof runtime.createReview>, 'intent' | 'test' | 'panel'>;

/** Packs the change, uploads it and asks for a review; sent again after a fault it is still one review. */
export async function submit(
  client: Client,
  change: ChangeUnderReview,
  wishes: Wishes,
  { signal, say }: { readonly signal: AbortSignal; readonly say: (step: string) => void },
): Promise<Run> {
  const { repository, name, base, head, target, title } = change;
  const scratch = await mkdtemp(join(tmpdir(), 'conclave-review-'));
  try {
    const file = join(scratch, 'change.bundle');
    say('packing the change');
    const { bytes, shallow } = await createBundle(repository, { base, head, target }, file);
    say(`uploading ${Math.ceil(bytes / 1024)} KiB`);
    const { sha256 } = await client.upload(await openAsBlob(file), { signal });
    return await client.call(
      runtime.createReview,
      { bundle: sha256, repository: name, base, head, target, shallow, title, ...wishes },
      { idempotencyKey: randomUUID(), signal },
    );
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
