import { runs, runtime, type Run } from '@conclave/contracts';
import { Button, Stack } from '@mantine/core';
import { useCommand } from '../api/queries.js';
import { Refused } from '../design/refusal.js';
import { useMay } from '../sign-in/use-me.js';
import { isOver } from './run-story.js';

const touched = [runtime.getRun, runtime.listRuns] as const;

/** Stops a run at its next step, or lets it go on. */
export function PauseOrResume({ run }: { readonly run: Run }) {
  const may = useMay();
  const pause = useCommand(runs.pauseRun, touched);
  const resume = useCommand(runs.resumeRun, touched);
  if (isOver(run) || !may('run:control')) return null;
  const paused = run.state === 'paused';
  const command = paused ? resume : pause;
  return (
    <Stack gap="xs">
      <Button
        variant={paused ? 'filled' : 'default'}
        loading={command.isPending}
        onClick={() => command.mutate({ id: run.id })}
      >
        {paused ? 'Resume' : 'Pause'}
      </Button>
      <Refused error={command.error} />
    </Stack>
  );
}
