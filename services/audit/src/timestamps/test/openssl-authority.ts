/** A timestamp authority as OpenSSL makes one, with a certificate by a root of its own. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';

const CONFIG = `
[authority]
serial = ./serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
ess_cert_id_alg = sha256
[stamping]
extendedKeyUsage = critical,timeStamping
`;

const run = promisify(execFile);
const SUBJECT = ['-newkey', 'rsa:2048', '-nodes'];

export class OpensslAuthority {
  private server: Server | undefined;
  /** Whose key signs: one of the folders `good`, `foreign`. */
  signsAs: 'good' | 'foreign' = 'good';
  asked = 0;

  private constructor(private readonly folder: string) {}

  static async create(): Promise<OpensslAuthority> {
    const made = new OpensslAuthority(await mkdtemp(join(tmpdir(), 'conclave-authority-')));
    await writeFile(join(made.folder, 'ts.cnf'), CONFIG);
    await writeFile(join(made.folder, 'serial'), '01\n');
    await Promise.all([made.root('good'), made.root('foreign')]);
    return made;
  }

  async start(): Promise<string> {
    this.server = createServer((request, response) => {
      void buffer(request)
        .then((query) => this.reply(query))
        .then((answer) => response.setHeader('content-type', 'application/timestamp-reply').end(answer));
    }).listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  /** The PEM of the root by which stamps of `good` are believed. */
  get believed(): Promise<string> {
    return readFile(join(this.folder, 'good.pem'), 'utf8');
  }

  /** What OpenSSL says of a stamp, by the root of `good`. */
  async verify(checkpoint: string, response: Uint8Array): Promise<string> {
    await writeFile(join(this.folder, 'data'), checkpoint);
    await writeFile(join(this.folder, 'stamp.tsr'), response);
    const { stdout, stderr } = await this.openssl(
      'ts',
      '-verify',
      '-data',
      'data',
      '-in',
      'stamp.tsr',
      '-CAfile',
      'good.pem',
    );
    return stdout + stderr;
  }

  async remove(): Promise<void> {
    this.server?.close();
    await rm(this.folder, { recursive: true });
  }

  private async reply(query: Buffer): Promise<Buffer> {
    const name = `q${this.asked++}`;
    await writeFile(join(this.folder, `${name}.tsq`), query);
    const signer = ['-signer', `${this.signsAs}-stamping.pem`, '-inkey', `${this.signsAs}-stamping.key`];
    const from = ['-queryfile', `${name}.tsq`, '-config', 'ts.cnf', '-section', 'authority'];
    await this.openssl('ts', '-reply', ...from, ...signer, '-out', `${name}.tsr`);
    return readFile(join(this.folder, `${name}.tsr`));
  }

  private async root(name: string): Promise<void> {
    const root = ['-x509', '-subj', `/CN=${name} root`, '-days', '2', '-addext', 'basicConstraints=critical,CA:TRUE'];
    await this.openssl('req', ...root, ...SUBJECT, '-keyout', `${name}.key`, '-out', `${name}.pem`);
    const leaf = `${name}-stamping`;
    await this.openssl('req', '-subj', `/CN=${leaf}`, ...SUBJECT, '-keyout', `${leaf}.key`, '-out', `${leaf}.csr`);
    const by = ['-CA', `${name}.pem`, '-CAkey', `${name}.key`, '-CAcreateserial', '-days', '2'];
    const purpose = ['-extfile', 'ts.cnf', '-extensions', 'stamping'];
    await this.openssl('x509', '-req', '-in', `${leaf}.csr`, ...by, ...purpose, '-out', `${leaf}.pem`);
  }

  private openssl(...command: readonly string[]) {
    return run('openssl', command, { cwd: this.folder });
  }
}
