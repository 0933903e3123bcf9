/** Writes every installation that the chart's tests know to a folder, one file each, with the Helm that HELM names. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installations, tryRender } from '../../helm/conclave/tests/chart.mjs';

const [out] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
for (const [name, installation] of Object.entries(installations)) {
  const { status, text, message } = tryRender(installation);
  if (status !== 0) throw new Error(message);
  writeFileSync(join(out, `${name}.yaml`), text);
}
