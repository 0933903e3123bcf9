/**
 * The models that this environment reaches, as `npm run bench -- panels models` asks them: through the same routes, wire
 * formats and prices as jurors of the platform. The bench loads this module by its path.
 */
import { z } from 'zod';
import { modelEnvironment } from '../config.js';
import { modelEgress } from '../models/guarded-fetch.js';
import { ModelError, type ModelRoute } from '../models/model-port.js';
import { ModelRoutes } from '../models/model-routes.js';

const TIMEOUT_MS = 180_000;
/** Room for thinking; the answer is a line. */
const MAX_OUTPUT_TOKENS = 4_000;

const environment = z.object(modelEnvironment);
/** What names the models of a provider, and what opens the way to it. */
const PROVIDERS = [
  ['OPENAI_MODEL', 'OPENAI_API_KEY'],
  ['ANTHROPIC_MODEL', 'ANTHROPIC_API_KEY'],
  ['GEMINI_MODEL', 'GEMINI_API_KEY'],
  ['OPENAI_COMPATIBLE_MODEL', 'OPENAI_COMPATIBLE_BASE_URL'],
] as const;

/** The models, of the families that are reached; unlike a service, the bench takes several of a provider, after commas. */
export function open(env: Readonly<Record<string, string | undefined>>) {
  const config = environment.parse(env);
  const egress = modelEgress(config);
  const { prices } = new ModelRoutes(config, egress);
  const others = Object.fromEntries(PROVIDERS.map(([, way]) => [way, undefined]));
  const routes = PROVIDERS.filter(([, way]) => config[way]).flatMap(([names, way]) =>
    config[names].split(',').flatMap((name) => {
      const one = { ...config, ...others, [way]: config[way], [names]: name.trim() };
      return new ModelRoutes(one, egress).routes();
    }),
  );
  return { priceVersion: prices.version, models: routes.map(modelOf) };
}

const modelOf = ({ id, port }: ModelRoute) => ({
  id,
  priced: port.boundMicros({ texts: [], maxOutputTokens: 1 }) !== undefined,
  /** What it says and what that cost; no text when it says nothing, or its provider is out. @throws ModelError when refused */
  async ask(system: string, prompt: string): Promise<{ readonly text?: string; readonly costMicros: number }> {
    const signal = new AbortController().signal;
    const messages = [{ role: 'user', content: prompt }] as const;
    try {
      const { text, usage } = await port.complete({
        ...{ system, messages, signal, maxOutputTokens: MAX_OUTPUT_TOKENS, timeoutMs: TIMEOUT_MS },
      });
      return { text, costMicros: usage.costMicros };
    } catch (error) {
      if (!(error instanceof ModelError) || !(error.passing || error.usage.inputTokens > 0)) throw error;
      return { costMicros: error.usage.costMicros };
    }
  },
});
