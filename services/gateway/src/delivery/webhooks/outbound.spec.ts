import { describe, expect, it } from '@jest/globals';
import type { RequestContext } from '@conclave/nest-kit';
import { Egress } from '@conclave/nest-kit/egress';
import { connectionsTried, hostileNames, hostileUrls } from '@conclave/nest-kit/testing';
import type { Database } from '@conclave/postgres-kit';
import { CreateWebhook } from './create-webhook.js';
import type { WebhookSecrets } from './webhook-secrets.js';

describe('a webhook', () => {
  it.each(hostileUrls)('does not go to %j', async (url) => {
    // It is refused before anything is asked of the others.
    const create = new CreateWebhook({} as Database, new Egress([], hostileNames), {} as WebhookSecrets);
    const ask = () => create.run({} as RequestContext, { url, events: ['run.completed'] });
    expect(await connectionsTried(ask)).toBe(0);
    await expect(ask()).rejects.toMatchObject({ code: 'delivery.webhook.address' });
  });
});
