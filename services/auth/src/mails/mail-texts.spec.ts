import { describe, expect, it } from '@jest/globals';
import { mails } from '@conclave/contracts';
import { mailText } from './mail-texts.js';
import { retryMailAt } from './retry-mail.js';
import { Egress } from '@conclave/nest-kit/egress';
import { Smtp, optionsOf } from './smtp.js';

const at = new Date('2026-01-02T03:04:05Z');
const facts = { name: 'Ada', tenant: 'Acme', site: 'https://conclave.example.com', at };

describe('mail', () => {
  it.each(mails.mailKinds)('of kind %s says the same as text and as HTML, in one line of subject', (kind) => {
    const link = { url: 'https://conclave.example.com/welcome#x', expiresAt: at };
    const { subject, text, html } = mailText({ ...facts, kind, link });
    expect(subject).toContain('Acme');
    for (const part of [text, html]) expect(part).toMatch(/Hello Ada,[\s\S]*welcome#x[\s\S]*2026-01-02 03:04 UTC/);
  });

  it('turns no name into a header, a link or markup', () => {
    const evil = 'Acme\r\nBcc: eve@example.com\u2028<script>alert(1)</script>"';
    const { subject, html } = mailText({ ...facts, kind: 'invitation', tenant: evil, name: evil, madeBy: evil });
    expect(subject).not.toMatch(/[\r\n\u2028]/);
    expect(html).not.toContain('<script');
  });

  it('goes nowhere in the clear but to this machine, whatever the address says', () => {
    const options = optionsOf(
      'smtp://user:p%40ss@mail.example.com?secure=false&requireTLS=false&tls.rejectUnauthorized=0',
    );
    expect(options).toMatchObject({
      ...{ host: 'mail.example.com', port: 587, secure: false, requireTLS: true },
      ...{ tls: { minVersion: 'TLSv1.2', rejectUnauthorized: true }, auth: { user: 'user', pass: 'p@ss' } },
    });
    expect(optionsOf('smtps://mail.example.com')).toMatchObject({ secure: true, port: 465 });
    for (const host of ['localhost.example.com', '10.0.0.1', '[::2]', '128.0.0.1', 'localhost.'])
      expect([host, optionsOf(`smtp://${host}`).requireTLS]).toEqual([host, true]);
    for (const host of ['localhost', '127.0.0.1', '[::1]'])
      expect(optionsOf(`smtp://${host}:25`).requireTLS).toBe(false);
    expect(() => new Smtp({ SMTP_URL: 'smtp://localhost', SMTP_FROM: undefined }, new Egress([]))).toThrow(
      'belong together',
    );
    expect(() => new Smtp({ SMTP_URL: undefined, SMTP_FROM: 'a@example.com' }, new Egress([]))).toThrow(
      'belong together',
    );
  });

  it('is tried for two days, at growing distances, and then given up', () => {
    const waits = Array.from({ length: 9 }, (_, i) => retryMailAt(i + 1, 0, 0)?.getTime());
    expect(waits.slice(0, 8)).toEqual([...waits.slice(0, 8)].sort((a, b) => a! - b!));
    expect(waits[8]).toBeUndefined();
    expect(retryMailAt(1, 0, 0.999)!.getTime()).toBeLessThan(waits[0]! * 1.21);
  });
});
