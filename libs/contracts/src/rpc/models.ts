/** Which models a workspace reaches, and which take the place of one. */
import { z } from 'zod';
import { contract } from '../contract.js';
import { line } from '../page.js';

/** At most so many stand in for one. */
export const MAX_FALLBACKS = 3;

/** `provider/model`. */
const modelName = line(120);

const stability = 'beta' as const;
const tag = 'models';
const path = '/v1/models' as const;

/** Those of the installation, and those of vendors the workspace has a key for; the first is asked when none is named. */
export const listModels = contract({
  owner: 'runtime',
  subject: 'runtime.v1.model.list',
  permission: 'run:read',
  request: z.strictObject({}),
  reply: z.object({
    items: z.array(
      z.object({
        model: z.string(),
        /** The vendor's line, as panels count it. */
        family: z.string(),
        /** What tasks ask instead, in order, when its provider is out or limits us. */
        fallbacks: z.array(z.string()),
      }),
    ),
  }),
  http: { method: 'GET', path, summary: 'List the models that a workspace reaches', tag, stability },
});

/** None takes them away. A list is not followed further: what stands in for a stand-in does not count. */
export const setFallbacks = contract({
  owner: 'runtime',
  subject: 'runtime.v1.model.set-fallbacks',
  permission: 'workspace:manage',
  request: z
    .strictObject({ model: modelName, fallbacks: z.array(modelName).max(MAX_FALLBACKS) })
    .refine(({ model, fallbacks }) => new Set([model, ...fallbacks]).size === fallbacks.length + 1, {
      path: ['fallbacks'],
      error: 'a model more than once',
    }),
  reply: z.object({ model: z.string(), fallbacks: z.array(z.string()) }),
  errors: ['runtime.model.unknown'],
  http: {
    method: 'PUT',
    path: '/v1/models/fallbacks',
    summary: 'Say which models take the place of one, in order, when its provider is out or limits us',
    tag,
    stability,
  },
});
