import { commandsOf, type Group } from './command.js';

const ROUTE = /(?:GET|POST|PUT|PATCH|DELETE) \/v1\/[\w{}/-]*[\w}]/g;

/** Advice of the platform speaks of routes; here they are the commands that stand for them. */
export function inCommands(advice: string, root: Group): string {
  const byRoute = new Map<string, string>(
    [...commandsOf(root)].flatMap(([path, { calls = [], operands = [] }]) =>
      calls.slice(0, 1).map(({ http }) => {
        const words = [...path, ...operands.filter(({ required }) => required).map(({ name }) => name)];
        return [`${http?.method} ${http?.path}`, `\`conclave ${words.join(' ')}\``] as const;
      }),
    ),
  );
  return advice.replaceAll(ROUTE, (route) => byRoute.get(route) ?? route);
}
