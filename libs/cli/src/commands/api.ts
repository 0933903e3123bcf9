import { randomUUID } from 'node:crypto';
import { contracts, type Contract } from '@conclave/contracts';
import { platformOptions, type Command } from '../command.js';
import { usage } from '../fault.js';
import { parsed, textOf } from '../operations/field.js';
import { documentLines } from '../operations/operation.js';
import { clientOf } from '../platform/settings.js';
import { printable, printableJson } from '../printable.js';

export const api: Command = {
  name: 'api',
  operands: [
    { name: 'METHOD', required: false },
    { name: 'PATH', required: false },
  ],
  summary: 'carry out any operation of the API, or list them',
  description: [
    'Without METHOD and PATH: every route, and what it takes to be permitted. With them the reply, as JSON:',
    '  conclave api GET /v1/runs?limit=1',
    '  conclave api POST /v1/workspaces --data workspace.json',
  ].join('\n'),
  options: {
    data: { value: 'FILE', help: 'the body, in JSON or YAML; - reads stdin' },
    ...platformOptions,
  },

  async run(call) {
    const { out } = call;
    const [method, target] = call.operands;
    if (method === undefined) {
      out.table(
        ['method', 'path', 'permission', 'what it does'],
        routes.map(({ http, permission }) => [http.method, http.path, permission, http.summary]),
      );
      out.result({ items: routes.map(({ http, permission }) => ({ ...http, permission })) });
      return 0;
    }
    if (target === undefined) throw usage('PATH is missing');
    const { contract, request } = routed(method.toUpperCase(), target);
    const file = call.text('data');
    const body = file === undefined ? {} : parsed(file, await textOf(call, file));
    if (typeof body !== 'object' || body === null) throw usage(`${file} holds no object`);
    const once = method.toUpperCase() === 'GET' ? {} : { idempotencyKey: randomUUID() };
    const reply = await clientOf(call).call(
      contract,
      { ...request, ...body },
      {
        ...once,
        signal: call.signal,
      },
    );
    out.print(...(typeof reply === 'string' ? documentLines(reply) : [printableJson(reply)]));
    out.result(reply);
    return 0;
  },
};

type Route = Contract & { readonly http: NonNullable<Contract['http']> };

const routes = contracts.filter(
  (contract): contract is Route => contract.http !== undefined && contract.transport === 'rpc',
);

/** The contract that a method and a path belong to, with what the path and its query say. @throws Fault `cli.usage` */
function routed(method: string, target: string): { readonly contract: Contract; readonly request: object } {
  const url = target.startsWith('/') ? URL.parse(target, 'http://platform') : null;
  if (!url) throw usage(`${printable(target)} is no path`);
  for (const contract of routes) {
    if (contract.http.method !== method) continue;
    const pattern = contract.http.path.replaceAll(
      /\{(\+?)(\w+)\}/g,
      (_, rest: string, name: string) => `(?<${name}>${rest ? '.+' : '[^/]+'})`,
    );
    const found = new RegExp(`^${pattern}$`).exec(url.pathname);
    if (!found) continue;
    const inPath = Object.entries(found.groups ?? {}).map(([name, value]): [string, string] => [
      name,
      decodeURIComponent(value),
    ]);
    return {
      contract,
      request: { ...Object.fromEntries(url.searchParams), ...Object.fromEntries(inPath) },
    };
  }
  throw usage(`there is no route ${method} ${printable(url.pathname)}`, 'List them: conclave api');
}
