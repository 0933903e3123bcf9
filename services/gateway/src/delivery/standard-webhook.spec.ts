import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { newWebhookSecret, webhookHeaders } from './standard-webhook.js';

const now = () => Math.floor(Date.now() / 1_000);

describe('standard webhook', () => {
  it('is verified by the reference library, whatever it says', () => {
    fc.assert(
      fc.property(fc.json(), fc.stringMatching(/^[a-z0-9_]{1,40}$/), (body, id) => {
        const secret = newWebhookSecret();
        const headers = webhookHeaders(secret, { id, timestamp: now(), body });
        expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
      }),
    );
  });

  it('is refused by it when anything was changed, is old, or comes from somebody else', () => {
    const secret = newWebhookSecret();
    const message = { id: 'dlv_1', timestamp: now(), body: '{"type":"decision.sealed"}' };
    const headers = webhookHeaders(secret, message);
    const verify = (changed: Record<string, string>, body = message.body, key = secret) =>
      new Webhook(key).verify(body, { ...headers, ...changed });
    expect(() => verify({})).not.toThrow();
    expect(() => verify({ 'webhook-id': 'dlv_2' })).toThrow();
    expect(() => verify({ 'webhook-timestamp': String(message.timestamp - 1) })).toThrow();
    expect(() => verify({}, `${message.body} `)).toThrow();
    expect(() => verify({}, message.body, newWebhookSecret())).toThrow();
    const old = webhookHeaders(secret, { ...message, timestamp: now() - 3_600 });
    expect(() => verify(old)).toThrow();
  });

  it('signs as the specification’s own example does', () => {
    const headers = webhookHeaders('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestamp: 1_614_265_330,
      body: '{"test": 2432232314}',
    });
    expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  it('makes secrets of 256 bits', () => {
    const secret = newWebhookSecret();
    expect(secret).toMatch(/^whsec_/);
    expect(Buffer.from(secret.slice(6), 'base64')).toHaveLength(32);
    expect(newWebhookSecret()).not.toBe(secret);
  });
});
