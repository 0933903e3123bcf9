import { runtime, type Run } from '@conclave/contracts';
import { Alert, Button, Group, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ask, LIVE_MS } from '../api/queries.js';
import { Icon } from '../design/icon.js';
import { Ago, Elapsed } from '../design/moment.js';
import { Page, Waiting } from '../design/page.js';
import { Refusal } from '../design/refusal.js';
import { Tag } from '../design/tag.js';
import { duration } from '../design/time.js';
import { runKinds, runLooks } from '../design/tones.js';
import { Link } from '../routing/router.js';
import type { PageProps } from '../routing/page-props.js';
import { CancelRun } from './cancel-run.js';
import { PauseOrResume } from './pause-or-resume.js';
import { Questions } from './questions.js';
import { RunBody } from './run-body.js';
import { isOver } from './run-story.js';
import { useRunStory } from './use-run-story.js';

const crumbs = [{ to: '/runs', title: 'Runs' }];

/** One run, as it happens. */
export function RunPage({ params }: PageProps) {
  const id = params['id'] ?? '';
  const run = useQuery({
    ...ask(runtime.getRun, { id }),
    refetchInterval: ({ state }) => (state.data && isOver(state.data) ? false : LIVE_MS),
  });
  if (run.data === undefined)
    return (
      <Page title="Run" crumbs={crumbs}>
        {run.error ? <Refusal error={run.error} onRetry={() => void run.refetch()} /> : <Waiting />}
      </Page>
    );
  return <RunAsItHappens run={run.data} />;
}

function RunAsItHappens({ run }: { readonly run: Run }) {
  const { story, isAway, error } = useRunStory(run.id);
  const decision = run.decision ?? story.decision;
  return (
    <Page
      title={run.title}
      crumbs={crumbs}
      description={
        <Group gap="xs">
          <Tag look={runLooks[run.state]} live={run.state === 'working'} />
          <span>{runKinds[run.kind]}</span>
          <span>
            {isOver(run) ? (
              <>
                <Ago at={run.createdAt} />, took {duration(Date.parse(run.updatedAt) - Date.parse(run.createdAt))}
              </>
            ) : (
              <>
                for <Elapsed since={run.createdAt} />
              </>
            )}
          </span>
        </Group>
      }
      actions={
        <>
          <PauseOrResume run={run} />
          <CancelRun run={run} />
          {decision !== undefined && (
            <Button
              component={Link}
              to={`/decisions/${decision}?run=${run.id}`}
              variant={isOver(run) ? 'filled' : 'default'}
            >
              Open the decision
            </Button>
          )}
        </>
      }
    >
      <Stack gap="md">
        {isAway && (
          <Alert variant="default" icon={<Icon name="activity" />} role="status">
            The connection was lost and is being made again. Nothing is missed.
          </Alert>
        )}
        {error !== undefined && <Refusal error={error} onRetry={() => globalThis.location.reload()} />}
        <Questions run={run} />
        <RunBody run={run} story={story} />
      </Stack>
    </Page>
  );
}
