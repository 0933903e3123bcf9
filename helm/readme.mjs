/**
 * Writes the tables of `conclave/README.md`: values from the schema, variables from what the services read. A test
 * compares.
 *
 *     node helm/readme.mjs
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { parse } from 'yaml';

const pathOf = (file) => fileURLToPath(new URL(`conclave/${file}`, import.meta.url));
const read = (file) => readFileSync(pathOf(file), 'utf8');
export const readmeFile = pathOf('README.md');

const cell = (text) => String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');
const code = (value) => {
  const text = JSON.stringify(value ?? null);
  return text === 'null' ? '' : text.length > 60 ? 'see values.yaml' : `\`${text}\``;
};

/** Every value with a description, depth first; references are followed one level, as the schema nests no deeper. */
export function valueRows(schema, defaults, path = '') {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const at = path ? `${path}.${key}` : key;
    if (property.properties && !property.description) return valueRows(property, defaults?.[key], at);
    return [[`\`${at}\``, code(defaults?.[key]), property.description]];
  });
}

function tables() {
  const schema = JSON.parse(read('values.schema.json'));
  const { defaults, services, ...rest } = parse(read('values.yaml'));
  const perService = Object.entries(schema.definitions.service.properties).map(([key, { description }]) => [
    `\`${key}\``,
    code(defaults[key]),
    description,
  ]);
  const environment = JSON.parse(read('files/environment.json'));
  const names = Object.keys(environment);
  const secrets = names.map((name) => [
    name,
    `\`${services[name].existingSecret}\``,
    environment[name].secret.map((key) => `\`${key}\``).join(' '),
    environment[name].optionalSecret.map((key) => `\`${key}\``).join(' '),
  ]);
  const variables = names.flatMap((name) =>
    Object.entries(environment[name].plain).map(([key, description]) => [name, `\`${key}\``, description]),
  );
  return {
    values: table(['value', 'default', 'what it is'], valueRows({ properties: without(schema.properties) }, rest)),
    services: table(['key', 'default', 'what it is'], perService),
    secrets: table(['service', 'Secret', 'keys', 'keys that may be missing'], secrets),
    variables: table(['service', 'variable', 'what it is'], variables),
  };
}

const without = ({ defaults: _defaults, services: _services, global: _global, ...rest }) => rest;

/** The README's text with its tables as they should be. */
export async function renderReadme() {
  const filled = Object.entries(tables()).reduce(
    (text, [name, rows]) =>
      text.replace(
        new RegExp(`(<!-- ${name} -->)[^]*?(<!-- /${name} -->)`),
        (_all, open, close) => `${open}\n\n${rows}\n\n${close}`,
      ),
    read('README.md'),
  );
  return format(filled, { ...(await resolveConfig(readmeFile)), parser: 'markdown' });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(readmeFile, await renderReadme());
