import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { assignPorts, forgetPort, isFree } from './ports.js';

const listen = (port: number) =>
  new Promise<Server>((done) => {
    const server = createServer();
    server.listen(port, '127.0.0.1', () => done(server));
  });

describe('ports', () => {
  let dir: string;
  let file: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'ports-'));
    file = join(dir, 'deep', 'ports.json');
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  it('are kept from one start to the next, and never given out twice', async () => {
    const first = await assignPorts(file, ['a', 'b']);
    expect(first.a).not.toBe(first.b);
    expect(await assignPorts(file, ['a', 'b', 'c'])).toMatchObject(first);
  });

  it('stay below every range from which outgoing connections are numbered', async () => {
    for (const port of Object.values(await assignPorts(file, ['a', 'b', 'c']))) {
      expect(port).toBeGreaterThanOrEqual(20_000);
      expect(port).toBeLessThan(32_768);
    }
  });

  it('move away from a port that somebody took, and only then', async () => {
    const { a, b } = await assignPorts(file, ['a', 'b']);
    const thief = await listen(a);
    try {
      expect(await isFree(a)).toBe(false);
      const moved = await assignPorts(file, ['a', 'b']);
      expect(moved.a).not.toBe(a);
      expect(moved.b).toBe(b);
    } finally {
      thief.close();
    }
  });

  it('follow a wish where nothing is remembered and the port is free', async () => {
    const { a } = await assignPorts(file, ['a']);
    forgetPort(file, 'a');
    expect(await assignPorts(file, ['a'], { a })).toMatchObject({ a });
    const other = join(dir, 'other.json');
    writeFileSync(other, ''); // as a power cut leaves it
    const busy = await listen(0);
    const { port } = busy.address() as { port: number };
    expect((await assignPorts(other, ['a'], { a: port })).a).not.toBe(port);
    busy.close();
  });
});
