import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { audit } from '@conclave/contracts';
import type { Call } from '../command.js';
import { pageAsked, tellPage } from '../operations/listing.js';
import { noun } from '../operations/noun.js';
import { printable } from '../printable.js';

const stamped = noun({
  name: 'timestamp',
  list: audit.listTimestamps,
  id: ({ size }) => String(size),
  columns: {
    entries: ({ size }) => String(size),
    at: ({ at }, out) => out.time(at),
    authority: ({ authority }) => authority,
  },
});

/** Lists stamped heads; with `--out` each is stored as two files that `openssl ts -verify` takes. */
export async function listTimestamps(call: Call): Promise<0> {
  const { out } = call;
  const page = await pageAsked(call, audit.listTimestamps);
  const folder = call.text('out');
  if (folder !== undefined) {
    const into = resolve(call.cwd, folder);
    await mkdir(into, { recursive: true });
    for (const { size, at, checkpoint, response } of page.items) {
      const name = join(into, `${at.replaceAll(':', '')}-${size}`);
      await writeFile(`${name}.checkpoint`, checkpoint);
      await writeFile(`${name}.tsr`, Buffer.from(response, 'base64'));
    }
    if (page.items.length > 0) out.note(`Stored in ${printable(folder)}`);
  }
  return tellPage<typeof audit.listTimestamps>(call, stamped, page, ['audit', 'timestamps']);
}
