import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { audit } from '@conclave/contracts';
import type { Call } from '../command.js';
import { clientOf } from '../platform/settings.js';
import { printable } from '../printable.js';

/** Lists stamped heads; with `--out` each is stored as two files that `openssl ts -verify` takes. */
export async function listTimestamps(call: Call): Promise<0> {
  const { out } = call;
  const after = call.text('after');
  const page = await clientOf(call).call(audit.listTimestamps, {
    limit: call.text('limit') ?? 20,
    ...(after === undefined ? {} : { after }),
  });
  const folder = call.text('out');
  if (folder !== undefined) {
    const into = resolve(call.cwd, folder);
    await mkdir(into, { recursive: true });
    for (const { size, at, checkpoint, response } of page.items) {
      const name = join(into, `${at.replaceAll(':', '')}-${size}`);
      await writeFile(`${name}.checkpoint`, checkpoint);
      await writeFile(`${name}.tsr`, Buffer.from(response, 'base64'));
    }
    if (page.items.length > 0) out.print(`Stored in ${printable(folder)}`);
  }
  out.print(
    ...page.items.map(
      ({ size, at, authority }) => `${at.slice(0, 19)}  ${String(size).padStart(8)} entries  ${printable(authority)}`,
    ),
    ...(page.items.length === 0 ? ['No timestamps.'] : []),
    ...(page.next === undefined ? [] : ['', `More: ${out.typed('audit', 'timestamps', '--after', page.next)}`]),
  );
  out.result(page);
  return 0;
}
