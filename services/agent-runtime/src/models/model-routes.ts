import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import type { LanguageModel } from 'ai';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@conclave/nest-kit';
import { Egress } from '@conclave/nest-kit/egress';
import type { ModelConfig } from '../config.js';
import { AiSdkModel } from './ai-sdk-model.js';
import { guardedFetch } from './guarded-fetch.js';
import type { ModelPort, ModelRoute } from './model-port.js';
import { PriceTable } from './price-table.js';

type GuardedFetch = ReturnType<typeof guardedFetch>;

/** A vendor who is asked under somebody's key: the installation's, or a workspace's own. */
export interface Vendor extends Omit<ModelRoute, 'port'> {
  /** What the key is called, as a variable and as a secret. */
  readonly key: 'OPENAI_API_KEY' | 'ANTHROPIC_API_KEY' | 'GEMINI_API_KEY';
  open(apiKey: string): ModelPort;
}

/** The models this install can reach: one route per provider whose key or address is set, none without. */
@Injectable()
export class ModelRoutes {
  /** What its models cost. */
  readonly prices: PriceTable;
  /** All there are, with the installation's route to each that it has a key for. */
  readonly vendors: readonly (readonly [Vendor, ModelRoute | undefined])[];
  /** Where there is an address instead of a vendor. */
  readonly compatible: ModelRoute | undefined;

  constructor(@Inject(CONFIG) config: ModelConfig, @Inject(Egress) egress: Egress) {
    const fetch = guardedFetch(egress);
    this.prices = PriceTable.of(config.PRICE_TABLE_FILE);
    this.vendors = vendorsOf(config, this.prices, fetch).map((vendor) => {
      const apiKey = config[vendor.key];
      return [vendor, apiKey ? { id: vendor.id, family: vendor.family, port: vendor.open(apiKey) } : undefined];
    });
    this.compatible = compatibleOf(config, this.prices, fetch);
  }

  routes(): readonly ModelRoute[] {
    return [...this.vendors.map(([, route]) => route), this.compatible].filter((route) => route !== undefined);
  }

  get(id: string): ModelRoute | undefined {
    return this.routes().find((route) => route.id === id);
  }
}

function vendorsOf(config: ModelConfig, prices: PriceTable, fetch: GuardedFetch): Vendor[] {
  const vendor = (
    family: string,
    key: Vendor['key'],
    name: string,
    model: (apiKey: string) => LanguageModel,
  ): Vendor => ({
    ...{ id: `${family}/${name}`, family, key },
    open: (apiKey) => new AiSdkModel(model(apiKey), name, prices),
  });
  const { OPENAI_MODEL, OPENAI_BASE_URL, ANTHROPIC_MODEL, ANTHROPIC_BASE_URL, GEMINI_MODEL, GEMINI_BASE_URL } = config;
  return [
    vendor('openai', 'OPENAI_API_KEY', OPENAI_MODEL, (apiKey) =>
      createOpenAI({ apiKey, fetch, ...baseUrl(OPENAI_BASE_URL) })(OPENAI_MODEL),
    ),
    vendor('anthropic', 'ANTHROPIC_API_KEY', ANTHROPIC_MODEL, (apiKey) =>
      createAnthropic({ apiKey, fetch, ...baseUrl(ANTHROPIC_BASE_URL) })(ANTHROPIC_MODEL),
    ),
    vendor('google', 'GEMINI_API_KEY', GEMINI_MODEL, (apiKey) =>
      createGoogleGenerativeAI({ apiKey, fetch, ...baseUrl(GEMINI_BASE_URL) })(GEMINI_MODEL),
    ),
  ];
}

function compatibleOf(config: ModelConfig, prices: PriceTable, fetch: GuardedFetch): ModelRoute | undefined {
  const { OPENAI_COMPATIBLE_BASE_URL: baseURL, OPENAI_COMPATIBLE_API_KEY, OPENAI_COMPATIBLE_MODEL: name } = config;
  if (!baseURL) return undefined;
  const apiKey = OPENAI_COMPATIBLE_API_KEY ? { apiKey: OPENAI_COMPATIBLE_API_KEY } : {};
  const form = { name: 'compatible', baseURL, fetch, includeUsage: true, supportsStructuredOutputs: true };
  const model = createOpenAICompatible({ ...form, ...apiKey })(name);
  return { id: `compatible/${name}`, family: 'compatible', port: new AiSdkModel(model, name, prices) };
}

const baseUrl = (url: string | undefined): { baseURL?: string } => (url ? { baseURL: url } : {});
