import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { contracts } from '@conclave/contracts';
import { repositoryRoot } from '../paths.js';
import { asvsLevel1, asvsLevel2 } from './asvs-requirements.js';
import { hasTest, rowsOf, statuses } from './control-pages.js';
import { pageAt } from './pages.js';

const asvs = pageAt('docs/security/asvs.md');
const controls = pageAt('docs/security/controls.md');

describe.each([asvs, controls].map((page) => [page.path, page] as const))('%s', (_, page) => {
  const rows = rowsOf(page);

  it('answers each row with a status and in words, and shows what it says is there', () => {
    const wrong = rows.filter(
      ({ status, answer, isShown }) =>
        !(statuses as readonly string[]).includes(status) ||
        answer === '' ||
        (!isShown && (status === 'met' || status === 'partly')),
    );
    expect(wrong.map(({ cells }) => cells.slice(0, 4))).toEqual([]);
  });

  it('names tests that are there', () => {
    const named = rows.flatMap(({ tests }) => tests);
    expect(named.length).toBeGreaterThan(rows.length);
    expect(named.filter((test) => !hasTest(test))).toEqual([]);
  });
});

describe('the answers to ASVS', () => {
  const rows = rowsOf(asvs);

  it('are one for each requirement of levels 1 and 2, and no other', () => {
    const answered = rows.map(({ cells: [id, level] }) => `${id} at ${level}`);
    const required = [...asvsLevel1.map((id) => `${id} at 1`), ...asvsLevel2.map((id) => `${id} at 2`)];
    expect([asvsLevel1.length, asvsLevel2.length]).toEqual([70, 183]);
    expect(answered.toSorted()).toEqual(required.toSorted());
  });

  it('are counted as the page begins by saying', () => {
    const count = (wanted: string): number => rows.filter(({ status }) => status === wanted).length;
    const apply = rows.length - count('not applicable');
    const tested = rows.filter(({ tests, status }) => tests.length > 0 && status !== 'not applicable').length;
    expect(asvs.text).toContain(
      `**253 requirements (70 of level 1, 183 of level 2): ${statuses.map((status) => `${count(status)} ${status}`).join(', ')}. Of the ${apply} that apply, ${tested} name an automated test.**`,
    );
  });

  it('would not pass with a test that is gone', () => {
    const path = 'services/gateway/src/edge/door.itest.ts';
    expect(hasTest({ path, title: 'refuses a write with the cookie alone' })).toBe(true);
    expect(hasTest({ path, title: 'refuses nothing at all' })).toBe(false);
    expect(hasTest({ path: `${path}x`, title: 'refuses a write with the cookie alone' })).toBe(false);
  });
});

describe('operations over HTTP', () => {
  it('change nothing with a verb that is also read with GET', () => {
    const verbsOf = (isRead: boolean) =>
      contracts
        .filter(({ http }) => http && (http.method === 'GET') === isRead)
        .map(({ subject }) => subject.split('.').at(-1)!);
    const changing = new Set(verbsOf(false));
    expect(verbsOf(true).filter((verb) => changing.has(verb))).toEqual([]);
  });
});

describe('the inventory of keys', () => {
  it('has every secret that a service reads', () => {
    const file = join(repositoryRoot, 'helm/conclave/files/environment.json');
    const services = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Partial<Record<string, unknown>>>;
    const secrets = Object.values(services).flatMap(({ secret = [], optionalSecret = [] }) => [secret, optionalSecret]);
    const names = [...new Set(secrets.flat())] as string[];
    const { text } = pageAt('docs/security/rules.md');
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });
});
