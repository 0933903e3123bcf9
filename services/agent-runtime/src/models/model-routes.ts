import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@conclave/nest-kit';
import type { ModelConfig } from '../config.js';
import { AiSdkModel } from './ai-sdk-model.js';
import type { ModelRoute } from './model-port.js';
import { PriceTable } from './price-table.js';

/** The models this install can reach: one route per provider whose key or address is set, none without. */
@Injectable()
export class ModelRoutes {
  /** What its models cost. */
  readonly prices: PriceTable;
  private readonly byId: ReadonlyMap<string, ModelRoute>;

  constructor(@Inject(CONFIG) config: ModelConfig) {
    this.prices = PriceTable.of(config.PRICE_TABLE_FILE);
    this.byId = new Map(routesOf(config, this.prices).map((route) => [route.id, route]));
  }

  routes(): readonly ModelRoute[] {
    return [...this.byId.values()];
  }

  get(id: string): ModelRoute | undefined {
    return this.byId.get(id);
  }
}

function routesOf(config: ModelConfig, prices: PriceTable): ModelRoute[] {
  const routes: ModelRoute[] = [];
  const add = (provider: string, name: string, model: ConstructorParameters<typeof AiSdkModel>[0]): void => {
    routes.push({ id: `${provider}/${name}`, family: provider, port: new AiSdkModel(model, name, prices) });
  };
  const { OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY, OPENAI_COMPATIBLE_BASE_URL } = config;
  if (OPENAI_API_KEY)
    add(
      'openai',
      config.OPENAI_MODEL,
      createOpenAI({ apiKey: OPENAI_API_KEY, ...baseUrl(config.OPENAI_BASE_URL) })(config.OPENAI_MODEL),
    );
  if (ANTHROPIC_API_KEY)
    add(
      'anthropic',
      config.ANTHROPIC_MODEL,
      createAnthropic({ apiKey: ANTHROPIC_API_KEY, ...baseUrl(config.ANTHROPIC_BASE_URL) })(config.ANTHROPIC_MODEL),
    );
  if (GEMINI_API_KEY)
    add(
      'google',
      config.GEMINI_MODEL,
      createGoogleGenerativeAI({ apiKey: GEMINI_API_KEY, ...baseUrl(config.GEMINI_BASE_URL) })(config.GEMINI_MODEL),
    );
  if (OPENAI_COMPATIBLE_BASE_URL) {
    const apiKey = config.OPENAI_COMPATIBLE_API_KEY ? { apiKey: config.OPENAI_COMPATIBLE_API_KEY } : {};
    const provider = createOpenAICompatible({
      name: 'compatible',
      baseURL: OPENAI_COMPATIBLE_BASE_URL,
      includeUsage: true,
      supportsStructuredOutputs: true,
      ...apiKey,
    });
    add('compatible', config.OPENAI_COMPATIBLE_MODEL, provider(config.OPENAI_COMPATIBLE_MODEL));
  }
  return routes;
}

const baseUrl = (url: string | undefined): { baseURL?: string } => (url ? { baseURL: url } : {});
