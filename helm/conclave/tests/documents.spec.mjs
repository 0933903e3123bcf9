import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { readmeFile, renderReadme, valueRows } from '../../readme.mjs';
import { chartDir, repositoryRoot } from './chart.mjs';

const schema = JSON.parse(readFileSync(join(chartDir, 'values.schema.json'), 'utf8'));

/** Every node of the schema with its path. */
function nodesOf(node, path = '#') {
  if (typeof node !== 'object' || node === null) return [];
  return [[path, node], ...Object.entries(node).flatMap(([key, child]) => nodesOf(child, `${path}/${key}`))];
}

describe('the schema of values', () => {
  it('refers to nothing outside itself', () => {
    const references = nodesOf(schema).flatMap(([, { $ref }]) => (typeof $ref === 'string' ? [$ref] : []));
    expect(references.length).toBeGreaterThan(10);
    for (const reference of references) {
      expect(reference).toMatch(/^#\/definitions\/\w+$/);
      expect(schema.definitions).toHaveProperty(reference.split('/').at(-1));
    }
  });

  it('is closed: an object lists its keys or says what any key holds', () => {
    const open = nodesOf(schema).filter(
      ([path, node]) =>
        node.properties && node.additionalProperties !== false && !/\/(podSelector|namespaceSelector)$/.test(path),
    );
    expect(open.map(([path]) => path)).toEqual([]);
  });

  it('describes every value', () => {
    const { defaults: _defaults, ...values } = parse(readFileSync(join(chartDir, 'values.yaml'), 'utf8'));
    const rows = [...valueRows(schema, values), ...valueRows(schema.definitions.service, {})];
    expect(rows.length).toBeGreaterThan(40);
    expect(rows.filter(([, , description]) => !description).map(([key]) => key)).toEqual([]);
  });
});

describe('the README', () => {
  it('has the tables of today', async () => {
    expect(readFileSync(readmeFile, 'utf8')).toBe(await renderReadme());
  });

  it('names files that exist', () => {
    const text = readFileSync(readmeFile, 'utf8');
    const files = [...text.matchAll(/\b(?:deploy|k8s|helm)\/[\w./-]+\.(?:yaml|json|mjs)\b/g)].map(([file]) => file);
    expect(files.length).toBeGreaterThan(4);
    expect(files.filter((file) => !existsSync(join(repositoryRoot, file)))).toEqual([]);
  });
});
