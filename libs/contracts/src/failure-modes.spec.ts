import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCatalogue } from './errors.js';
import { failureModesPage } from './failure-modes.js';

describe('docs/failure-modes.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/failure-modes.md'), 'utf8');

  it('says what the catalogue says; if not: node libs/contracts/bin/generate.mjs', () => {
    expect(page).toBe(failureModesPage());
  });

  it('has an entry for every code', () => {
    for (const code of Object.keys(errorCatalogue)) expect(page).toContain(`### \`${code}\``);
  });
});
