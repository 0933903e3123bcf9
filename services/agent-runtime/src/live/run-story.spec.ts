import { describe, expect, it } from '@jest/globals';
import type { PostgresStories } from './postgres-stories.js';
import type { RedisTokens } from './redis-tokens.js';
import { RunStory } from './run-story.js';

describe('a run’s story', () => {
  it('is read again after every bell, whenever that rings', async () => {
    for (let moment = 0; moment < 12; moment++) {
      let pages = 0;
      const stories = { page: async () => ({ events: [], more: ++pages < 0 }) } as unknown as PostgresStories;
      const reader = { tenantId: 'ten_1', actor: 'service:runtime' };
      const story = new RunStory({ stories, tokens: {} as RedisTokens }, reader, 'run_1', { head: 0, ended: false });
      story.look();
      for (let n = 0; n < moment; n++) await Promise.resolve();
      story.look();
      await new Promise(setImmediate);
      expect([moment, pages]).toEqual([moment, 2]);
    }
  });
});
