/** An identity provider by others: pysaml2 over xmlsec1, by the Python that `SAML_PYTHON` names, which no browser reaches. */
import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { selfSignedCertificate } from '@conclave/nest-kit';

const PROGRAM = resolve(import.meta.dirname, '../../src/testing/pysaml2-idp.py');

export class Pysaml2 {
  private readonly dir = mkdtempSync(join(tmpdir(), 'conclave-pysaml2-'));
  /** Its addresses, and where its key and certificate are. */
  readonly about;
  private readonly process: ChildProcess;
  private readonly answers: AsyncIterator<string, undefined>;

  /** Its addresses are below the base. */
  constructor(readonly base: string) {
    const [keyFile, certificateFile] = [join(this.dir, 'key.pem'), join(this.dir, 'certificate.pem')];
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    writeFileSync(keyFile, privateKey.export({ type: 'pkcs1', format: 'pem' }));
    writeFileSync(certificateFile, selfSignedCertificate(privateKey, 'idp', new Date(), 1));
    const addresses = { entityId: `${base}/metadata`, ssoUrl: `${base}/sso`, sloUrl: `${base}/slo` };
    this.about = { ...addresses, keyFile, certificateFile } as const;
    this.process = spawn(process.env['SAML_PYTHON']!, [PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.answers = createInterface({ input: this.process.stdout! })[Symbol.asyncIterator]();
  }

  /** Asks one thing; without more it is its metadata. */
  async ask<T = string>(question: object = {}): Promise<T> {
    this.process.stdin!.write(`${JSON.stringify({ ...this.about, ...question })}\n`);
    const { value } = await this.answers.next();
    if (value === undefined) throw new Error('pysaml2 has ended');
    return JSON.parse(value) as T;
  }

  stop(): void {
    this.process.kill();
    rmSync(this.dir, { recursive: true });
  }
}
