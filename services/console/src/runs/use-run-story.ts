import { runs, runtime } from '@conclave/contracts';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { client } from '../api/client.js';
import { tell, untold, type RunStory } from './run-story.js';

export interface FollowedStory {
  readonly story: RunStory;
  /** The connection was lost within the last seconds and is being made again. */
  readonly isAway: boolean;
  readonly error?: unknown;
}
type Show = (update: (shown: FollowedStory) => FollowedStory) => void;

const AWAY_MS = 5_000;
const nothingYet: FollowedStory = { story: untold, isAway: false };

/**
 * Follows a run's events as they come, across disconnects. Not an EventSource: that hides why it was refused, and
 * connects for ever after the last event.
 */
export function useRunStory(id: string): FollowedStory {
  const [followed, setFollowed] = useState(nothingYet);
  const queries = useQueryClient();
  useEffect(() => {
    const left = new AbortController();
    void follow(id, left.signal, setFollowed).finally(() => {
      if (left.signal.aborted) return;
      for (const { subject } of [runtime.getRun, runtime.listRuns, runtime.getRunResult, runs.listTasks])
        void queries.invalidateQueries({ queryKey: [subject] });
    });
    return () => left.abort();
  }, [id, queries]);
  return followed;
}

async function follow(id: string, signal: AbortSignal, show: Show): Promise<void> {
  let calm: ReturnType<typeof setTimeout> | undefined;
  const onReconnect = (): void => {
    clearTimeout(calm);
    show((shown) => ({ ...shown, isAway: true }));
    calm = setTimeout(() => show((shown) => ({ ...shown, isAway: false })), AWAY_MS);
  };
  show(() => nothingYet);
  try {
    for await (const event of client.followRun(id, { signal, onReconnect }))
      show(({ story }) => ({ story: tell(story, event), isAway: false }));
  } catch (error) {
    if (!signal.aborted) show(({ story }) => ({ story, isAway: false, error }));
  }
}
