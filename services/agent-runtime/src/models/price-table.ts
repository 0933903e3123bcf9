import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Millionths of a US dollar per million tokens; `cached` is for input the provider had cached, `input` unless told. */
interface Price {
  readonly input: number;
  readonly output: number;
  readonly cached?: number | undefined;
}

export interface Tokens {
  readonly inputTokens: number;
  /** Of these, what the provider had cached. */
  readonly cachedTokens: number;
  readonly outputTokens: number;
}

const VERSION = '2026-11';
const PRICES: Readonly<Record<string, Price>> = {
  'gpt-5.1': { input: 1_250_000, output: 10_000_000, cached: 125_000 },
  'gpt-5-mini': { input: 250_000, output: 2_000_000, cached: 25_000 },
  'claude-opus-4': { input: 15_000_000, output: 75_000_000, cached: 1_500_000 },
  'claude-sonnet-4': { input: 3_000_000, output: 15_000_000, cached: 300_000 },
  'claude-haiku-4': { input: 1_000_000, output: 5_000_000, cached: 100_000 },
  'gemini-2.5-pro': { input: 1_250_000, output: 10_000_000 },
  'gemini-2.5-flash': { input: 300_000, output: 2_500_000 },
};

const micros = z.number().int().min(0).max(1_000_000_000_000);
const priceFile = z.strictObject({
  version: z.string().regex(/^[\w.-]{1,40}$/),
  models: z.record(
    z.string().min(1).max(200),
    z.strictObject({ input: micros, output: micros, cached: micros.optional() }),
  ),
});

/** What models cost, by the longest prefix of their name. A version names the whole table: the ledger keeps it. */
export class PriceTable {
  private constructor(
    readonly version: string,
    private readonly prices: ReadonlyMap<string, Price>,
  ) {}

  /** The table of this release, with the operator's file over it. @throws Error when the file cannot be used */
  static of(file: string | undefined): PriceTable {
    if (file === undefined) return new PriceTable(VERSION, new Map(Object.entries(PRICES)));
    try {
      const own = priceFile.parse(JSON.parse(readFileSync(file, 'utf8')));
      return new PriceTable(`${VERSION}+${own.version}`, new Map(Object.entries({ ...PRICES, ...own.models })));
    } catch (error) {
      throw new Error(`PRICE_TABLE_FILE ${file} cannot be used: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Rounded up to a whole millionth; undefined for a model that is not in the table. */
  costOf(model: string, { inputTokens, cachedTokens, outputTokens }: Tokens): number | undefined {
    const price = this.priceOf(model);
    if (!price) return undefined;
    const fresh = Math.max(0, inputTokens - cachedTokens);
    const cached = cachedTokens * (price.cached ?? price.input);
    return Math.ceil((fresh * price.input + cached + outputTokens * price.output) / 1_000_000);
  }

  /** The most so many tokens can cost, whatever is cached. */
  boundOf(model: string, inputTokens: number, outputTokens: number): number | undefined {
    const price = this.priceOf(model);
    if (!price) return undefined;
    const input = Math.max(price.input, price.cached ?? 0);
    return Math.ceil((inputTokens * input + outputTokens * price.output) / 1_000_000);
  }

  private priceOf(model: string): Price | undefined {
    for (let length = model.length; length > 0; length--) {
      const price = this.prices.get(model.slice(0, length));
      if (price) return price;
    }
    return undefined;
  }
}
