import { describe, expect, it } from '@jest/globals';
import { newRecipient, sealTo } from './hpke.js';

describe('what is sealed to a recipient', () => {
  it('opens there, for its purpose, and is never the same bytes twice', async () => {
    const recipient = await newRecipient();
    for (const secret of ['sk-1', 'ümläut 🗝️', 'x'.repeat(65_536)]) {
      const sealed = await sealTo(recipient.publicKey, secret, 'lease/1');
      expect(await recipient.open(sealed, 'lease/1')).toBe(secret);
      expect(await sealTo(recipient.publicKey, secret, 'lease/1')).not.toBe(sealed);
    }
  });

  it('opens for nobody else, for no other purpose, and not when a byte of it was changed', async () => {
    const [recipient, other] = [await newRecipient(), await newRecipient()];
    const sealed = await sealTo(recipient.publicKey, 'sk-1', 'lease/1');
    await expect(other.open(sealed, 'lease/1')).rejects.toThrow();
    await expect(recipient.open(sealed, 'lease/2')).rejects.toThrow();
    const bytes = Buffer.from(sealed, 'base64');
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      await expect(recipient.open(changed.toString('base64'), 'lease/1')).rejects.toThrow();
    }
    await expect(recipient.open('', 'lease/1')).rejects.toThrow();
  });

  it('needs a key that is one', async () => {
    for (const key of ['', 'AAAA', Buffer.alloc(32).toString('base64'), Buffer.alloc(33, 1).toString('base64')])
      await expect(sealTo(key, 'sk-1', 'lease/1')).rejects.toThrow();
  });
});
