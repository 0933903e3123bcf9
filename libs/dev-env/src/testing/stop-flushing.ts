import pg from 'pg';

/** What a power cut would cost is of no account in tests: the data ends with the run. Killed processes lose nothing by it. */
export async function stopFlushing(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const setting of ['fsync', 'full_page_writes']) await client.query(`alter system set ${setting} = off`);
    await client.query('select pg_reload_conf()');
  } finally {
    await client.end();
  }
}
