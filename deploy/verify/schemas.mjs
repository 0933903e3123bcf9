/**
 * Turns Kubernetes' own API description into the JSON schemas kubeconform reads, closed against unknown fields; custom
 * resources' too, from their definitions.
 *
 *     node deploy/verify/schemas.mjs OUT swagger.json [crd.yaml …]
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

const [out, swaggerFile, ...crdFiles] = process.argv.slice(2);
mkdirSync(out, { recursive: true });

const quantity = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
const loose = { [quantity]: { type: ['string', 'number'] } };

/** A schema that refuses unknown fields, nulls nothing, and knows the two types that are string or number. */
function closed(schema) {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  if (schema.format === 'int-or-string' || schema['x-kubernetes-int-or-string']) return { type: ['string', 'integer'] };
  const { format: _format, ...rest } = schema;
  const inner = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [
      key,
      key === '$ref'
        ? value.replace('#/', '_definitions.json#/')
        : key === 'properties'
          ? closedEach(value)
          : closed(value),
    ]),
  );
  const open = 'additionalProperties' in inner || schema['x-kubernetes-preserve-unknown-fields'];
  return inner.properties && !open ? { ...inner, additionalProperties: false } : inner;
}
const closedEach = (map) => Object.fromEntries(Object.entries(map).map(([key, value]) => [key, closed(value)]));

/** `deployment-apps-v1.json`, as kubeconform asks for. */
const fileOf = ({ kind, group, version }) =>
  `${[kind.toLowerCase(), ...(group ? [group.split('.')[0]] : []), version.toLowerCase()].join('-')}.json`;
const write = (name, schema) => writeFileSync(join(out, name), JSON.stringify(schema));

const { definitions } = JSON.parse(readFileSync(swaggerFile, 'utf8'));
write('_definitions.json', { definitions: { ...closedEach(definitions), ...loose } });
let written = 0;
for (const [name, definition] of Object.entries(definitions))
  for (const identity of definition['x-kubernetes-group-version-kind'] ?? []) {
    write(fileOf(identity), { $ref: `_definitions.json#/definitions/${name}` });
    written++;
  }
for (const file of crdFiles)
  for (const document of parseAllDocuments(readFileSync(file, 'utf8'))) {
    const { kind, spec } = document.toJS() ?? {};
    if (kind !== 'CustomResourceDefinition') continue;
    for (const { name: version, schema } of spec.versions) {
      const root = closed(schema.openAPIV3Schema);
      root.properties.metadata = { type: 'object' };
      write(fileOf({ kind: spec.names.kind, group: spec.group, version }), root);
      written++;
    }
  }
console.log(`${written} schemas in ${out}`);
