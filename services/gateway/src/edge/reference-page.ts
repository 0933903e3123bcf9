import type { OpenApiDocument, OpenApiOperation } from '@conclave/contracts';

interface Route {
  readonly method: string;
  readonly path: string;
  readonly operation: OpenApiOperation;
}

/** The OpenAPI document as one static page, without scripts. */
export function referencePage({ paths }: OpenApiDocument): string {
  const routes = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): Route => ({ method: method.toUpperCase(), path, operation })),
  );
  const byTag = [...Map.groupBy(routes, ({ operation }) => operation.tags[0] ?? '')];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Conclave API</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Conclave API</h1>
<p>Send <code>Authorization: Bearer &lt;API key&gt;</code>. Refusals are <code>application/problem+json</code> with a stable
<code>code</code>. Writes take an <code>Idempotency-Key</code>. The same as data: <a href="/openapi.json">/openapi.json</a>.</p>
<nav>${byTag.map(([tag]) => `<a href="#${text(tag)}">${text(tag)}</a>`).join(' ')}</nav>
${byTag.map(([tag, of]) => `<h2 id="${text(tag)}">${text(tag)}</h2>\n${of.map(route).join('\n')}`).join('\n')}
</body>
</html>
`;
}

function route({ method, path, operation }: Route): string {
  const { summary, responses, parameters, requestBody } = operation;
  const permission = operation['x-permission'];
  return `<details>
<summary><b>${method}</b> <code>${text(path)}</code> ${text(summary)} <small>${operation['x-stability']}</small></summary>
${typeof permission === 'string' ? `<p>Permission: <code>${text(permission)}</code></p>` : ''}
${parameters === undefined ? '' : `<h3>Parameters</h3>${json(parameters)}`}
${requestBody === undefined ? '' : `<h3>Body</h3>${json(requestBody)}`}
${Object.entries(responses).map(response).join('\n')}
</details>`;
}

function response([status, { description, content }]: [string, Readonly<Record<string, unknown>>]): string {
  const refusal = Number(status) >= 400;
  return `<h3>${text(status)}</h3><p>${text(String(description))}</p>${refusal || content === undefined ? '' : json(content)}`;
}

const json = (value: unknown): string => `<pre>${text(JSON.stringify(value, undefined, 2))}</pre>`;

const text = (value: string): string => value.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

export const STYLE = `
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
nav a { margin-right: 1rem }
details { border-top: 1px solid #8884; padding: .5rem 0 }
summary { cursor: pointer }
summary b { display: inline-block; min-width: 4.5rem }
small { opacity: .6 }
pre { overflow-x: auto; background: #8881; padding: .75rem; border-radius: 4px; font-size: 13px }
`;
