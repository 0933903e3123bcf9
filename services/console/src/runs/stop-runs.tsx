import { Checkbox } from '@mantine/core';
import { useState } from 'react';
import { useMay } from '../sign-in/use-me.js';

/** Whether what was started with a credential ends with it: not unless somebody says so who may cancel runs. */
export function useStopRuns() {
  const [stop, setStop] = useState(false);
  const may = useMay();
  return {
    runs: stop ? ('cancel' as const) : ('keep' as const),
    reset: () => setStop(false),
    shown: may('run:cancel') && (
      <Checkbox
        label="Also stop the runs it started"
        description="For when somebody else has got hold of it: they are canceled at once, and its triggers are turned off."
        checked={stop}
        onChange={(event) => setStop(event.currentTarget.checked)}
      />
    ),
  };
}
