import { Tooltip } from '@mantine/core';
import { useInterval } from '@mantine/hooks';
import { useState } from 'react';
import { ago, duration, exactly } from './time.js';

/** The clock, looked at every so often. */
function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now);
  useInterval(() => setNow(Date.now()), everyMs, { autoInvoke: true });
  return now;
}

/** How long ago something was; the exact time is one hover away. */
export function Ago({ at }: { readonly at: string }) {
  const then = Date.parse(at);
  const now = useNow(15_000);
  return (
    <Tooltip label={exactly(then)}>
      <time dateTime={at}>{ago(then, now)}</time>
    </Tooltip>
  );
}

/** How long something has lasted so far. */
export function Elapsed({ since }: { readonly since: string }) {
  const seconds = Math.max(0, Math.floor((useNow(1_000) - Date.parse(since)) / 1_000));
  return <>{seconds < 60 ? `${seconds} s` : duration(seconds * 1_000)}</>;
}
