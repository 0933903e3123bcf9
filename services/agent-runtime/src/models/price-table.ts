/** Prices in US dollars per million tokens, by the longest matching model-name prefix. Version of 2026-11. */
const PRICES: Readonly<Record<string, { readonly input: number; readonly output: number }>> = {
  'gpt-5.1': { input: 1.25, output: 10 },
  'gpt-5-mini': { input: 0.25, output: 2 },
  'claude-opus-4': { input: 15, output: 75 },
  'claude-sonnet-4': { input: 3, output: 15 },
  'claude-haiku-4': { input: 1, output: 5 },
  'gemini-2.5-pro': { input: 1.25, output: 10 },
  'gemini-2.5-flash': { input: 0.3, output: 2.5 },
};

/** Cost of a call in millionths of a dollar, rounded up; 0 for a model the table does not list (such as a local one). */
export function costMicros(model: string, inputTokens: number, outputTokens: number): number {
  const prefix = Object.keys(PRICES)
    .filter((name) => model.startsWith(name))
    .sort((a, b) => b.length - a.length)[0];
  const price = prefix === undefined ? undefined : PRICES[prefix];
  return price ? Math.ceil(inputTokens * price.input + outputTokens * price.output) : 0;
}
