/** What is left of a tenant, or of a text, in everything that keeps something. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { schemas } from '@conclave/postgres-kit';
import { Redis } from 'ioredis';
import pg from 'pg';

interface Table {
  readonly name: string;
  readonly walled: boolean;
}

export class Remains {
  private constructor(
    private readonly client: pg.Client,
    private readonly tables: readonly Table[],
    private readonly redisUrl: string,
    private readonly dataDir: string,
  ) {}

  static async open({ postgres, redis }: { postgres: string; redis: string }, dataDir: string): Promise<Remains> {
    const client = new pg.Client(postgres);
    await client.connect();
    const { rows } = await client.query<Table>(
      `select format('%I.%I', n.nspname, c.relname) as name, exists (select from pg_attribute a
         where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped) as walled
       from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = any ($1) and c.relkind = 'r' order by 1`,
      [schemas],
    );
    return new Remains(client, rows, redis, dataDir);
  }

  /** Tables with rows of a tenant, but for places in a log of events in which nothing is left. */
  async rowsOf(tenant: string): Promise<string[]> {
    return this.tablesWhere(
      ({ walled }) => walled,
      `t.tenant_id = $1 and to_jsonb(t) -> 'data' <> '{}' or t.tenant_id = $1 and not t::text like '%event.erased%'`,
      tenant,
    );
  }

  /** What each table holds of a tenant, as a digest, without rows of these ids. */
  async digestsOf(tenant: string, without: readonly string[] = []): Promise<ReadonlyMap<string, string>> {
    const digests = new Map<string, string>();
    for (const { name } of this.tables.filter(({ walled }) => walled)) {
      const { rows } = await this.client.query<{ digest: string }>(
        `select count(*) || ' ' || coalesce(md5(string_agg(md5(t::text), '' order by md5(t::text))), '') as digest
         from ${name} t where t.tenant_id = $1 and coalesce(to_jsonb(t) ->> 'id', '') <> all ($2)`,
        [tenant, without],
      );
      digests.set(name, rows[0]!.digest);
    }
    return digests;
  }

  /** The same once nothing moves any more. */
  async quietDigestsOf(tenant: string, without: readonly string[] = []): Promise<ReadonlyMap<string, string>> {
    for (let before = await this.digestsOf(tenant, without), n = 0; ; n++) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      const after = await this.digestsOf(tenant, without);
      const moved = [...after].filter(([name, digest]) => before.get(name) !== digest).map(([name]) => name);
      if (moved.length === 0) return after;
      if (n === 40) throw new Error(`still moving: ${moved.join(', ')}`);
      before = after;
    }
  }

  /** Tables in which somebody wrote the text; what is sealed or counted in bytes does not show. */
  tablesWith(text: string): Promise<string[]> {
    return this.tablesWhere(
      () => true,
      `position($1 in t::text) > 0 or position(encode($1::bytea, 'hex') in t::text) > 0`,
      text,
    );
  }

  /** Keys of Redis that are called by it or hold it, and files. */
  async elsewhere(text: string): Promise<string[]> {
    return [...(await this.inRedis(text)), ...(await filesWith(this.dataDir, text))];
  }

  close(): Promise<void> {
    return this.client.end();
  }

  private async tablesWhere(which: (table: Table) => boolean, where: string, value: string): Promise<string[]> {
    const found: string[] = [];
    for (const { name } of this.tables.filter(which))
      if ((await this.client.query(`select 1 from ${name} t where ${where} limit 1`, [value])).rows.length > 0)
        found.push(name);
    return found;
  }

  private async inRedis(text: string): Promise<string[]> {
    const redis = new Redis(this.redisUrl);
    try {
      const keys = await redis.keys('*');
      const dumps = await Promise.all(keys.map((key) => redis.dumpBuffer(key)));
      return keys.filter((key, at) => key.includes(text) || dumps[at]?.includes(text));
    } finally {
      redis.disconnect();
    }
  }
}

async function filesWith(dir: string, text: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const contents = await Promise.all(files.map((file) => readFile(file).catch(() => Buffer.alloc(0))));
  return files.filter((file, at) => file.includes(text) || contents[at]!.includes(text));
}
