/** Watches what a tenant has while others try to get at it: every row it owns, and what those are told who follow a run. */
import { dirname, join } from 'node:path';
import type { Constellation } from '../testing/constellation.js';
import { Api } from './program-voter.js';
import { Remains } from './remains.js';

export class Untouched {
  /** What was told since it began, but for beats. */
  told = '';
  /** Set when it ends. */
  over = false;
  private readonly hangUp = new AbortController();
  private before: ReadonlyMap<string, string> = new Map();

  private constructor(
    private readonly tenant: string,
    private readonly remains: Remains,
    /** The credential that the run is followed under, by its id. */
    readonly credential: string,
  ) {}

  /** Of the first tenant, with one of its runs. */
  static async watch(platform: Constellation, run: string): Promise<Untouched> {
    const { gateway, apiKey, tenant } = platform;
    const made = await new Api(gateway, apiKey).call<{ id: string; key: string }>('POST', '/v1/api-keys', {
      name: 'viewer',
    });
    const remains = await Remains.open(platform, join(dirname(platform.devFile), 'services'));
    const watched = new Untouched(tenant, remains, made.id);
    const headers = { authorization: `Bearer ${made.key}` };
    const signal = watched.hangUp.signal;
    const stream = await fetch(`${gateway}/v1/runs/${run}/events?after=1000&tokens=true`, { headers, signal });
    void watched.read(stream);
    watched.before = await remains.quietDigestsOf(tenant);
    return watched;
  }

  /** The tables in which the tenant's rows changed, but for those of events with these ids. */
  async changed(without: readonly string[] = []): Promise<readonly string[]> {
    const after = await this.remains.quietDigestsOf(this.tenant, without);
    return [...after].filter(([name, digest]) => this.before.get(name) !== digest).map(([name]) => name);
  }

  async close(): Promise<void> {
    this.hangUp.abort();
    await this.remains.close();
  }

  private async read(stream: Response): Promise<void> {
    try {
      for await (const chunk of stream.body!.pipeThrough(new TextDecoderStream()))
        this.told += chunk.replaceAll(/^:.*\n\n/gm, '');
    } catch {
      // hung up
    }
    this.over = true;
  }
}
