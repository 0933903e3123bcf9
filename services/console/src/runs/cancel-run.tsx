import { runtime, type Run } from '@conclave/contracts';
import { Button } from '@mantine/core';
import { useCommand } from '../api/queries.js';
import { Confirm } from '../design/confirm.js';
import { useMay } from '../sign-in/use-me.js';
import { isOver } from './run-story.js';

/** Stops a run that is under way, after asking. */
export function CancelRun({ run }: { readonly run: Run }) {
  const may = useMay();
  const cancel = useCommand(runtime.cancelRun, [runtime.getRun, runtime.listRuns]);
  if (isOver(run) || !may('run:cancel')) return null;
  return (
    <Confirm
      question="Cancel this run?"
      yes="Cancel the run"
      command={cancel}
      request={{ id: run.id }}
      opener={(open) => (
        <Button variant="default" onClick={open}>
          Cancel…
        </Button>
      )}
    >
      {run.kind === 'review'
        ? 'The seats that have not judged yet stop, and no decision comes out. '
        : 'Its tasks stop, also those it started, and no result comes out. '}
      A canceled run cannot be resumed.
    </Confirm>
  );
}
