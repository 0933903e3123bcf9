import { runtime, type ReviewResult, type Run, type TaskResults } from '@conclave/contracts';
import { Grid, Skeleton, Stack, VisuallyHidden } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ask } from '../api/queries.js';
import { shortened } from '../decisions/decision-words.js';
import { Notices } from '../decisions/notices.js';
import { OutcomeBanner } from '../decisions/outcome-banner.js';
import { Digest } from '../design/copy.js';
import { Json } from '../design/json.js';
import { Facts, Panel } from '../design/panel.js';
import { runLooks } from '../design/tones.js';
import { Visible } from '../design/visible.js';
import { numbered } from '../findings/file-views.js';
import { FindingList } from '../findings/finding-list.js';
import { isOver, type RunStory } from './run-story.js';
import { SeatCard } from './seat-card.js';
import classes from './seat-card.module.css';
import { Tasks } from './tasks.js';
import { Timeline } from './timeline.js';

const tooLate = { code: 'run.expired', message: 'Its deadline passed.' };

/** What a run shows below its title: how it ended, what came out, the story. */
export function RunBody({ run, story }: { readonly run: Run; readonly story: RunStory }) {
  const result = useQuery({ ...ask(runtime.getRunResult, { id: run.id }), enabled: run.state === 'completed' });
  const verdict = result.data && runtime.isReview(result.data) ? result.data : undefined;
  const given = result.data && !runtime.isReview(result.data) ? result.data : undefined;
  const failure = run.failure ?? story.failure ?? (run.state === 'expired' ? tooLate : undefined);
  const worked = run.kind !== 'review';
  const seated = !worked && (story.seats.length > 0 || !isOver(run));
  return (
    <>
      {failure && <Failed run={run} {...failure} />}
      {verdict && <OutcomeBanner status={verdict.outcome} reason={verdict.reason} />}
      <Notices notices={story.prepared?.notices ?? []} />
      <Grid gap="md">
        {(seated || worked) && (
          <Grid.Col span={{ base: 12, md: 8 }}>
            <Stack gap="md">
              {seated && <Seats run={run} story={story} />}
              {verdict && <Found run={run} result={verdict} />}
              {given && <Given {...given} />}
              {worked && <Tasks run={run} />}
            </Stack>
          </Grid.Col>
        )}
        <Grid.Col span={{ base: 12, md: seated || worked ? 4 : 12 }}>
          <Stack gap="md">
            {story.prepared && <Change {...story.prepared} />}
            <Panel title="Timeline">
              {story.events.length === 0 && !isOver(run) ? (
                <Skeleton height={96} />
              ) : (
                <Timeline events={story.events} />
              )}
            </Panel>
          </Stack>
        </Grid.Col>
      </Grid>
    </>
  );
}

function Failed({ run, code, message }: { readonly run: Run } & NonNullable<Run['failure']>) {
  const look = run.kind === 'review' ? {} : { look: runLooks[run.state] };
  return <OutcomeBanner status="failed" reason={message} code={code} {...look} />;
}

function Given({ result }: TaskResults) {
  return (
    <Panel title="Result">
      <Json value={result} />
    </Panel>
  );
}

function Found({ run, result: { findings, decision } }: { readonly run: Run; readonly result: ReviewResult }) {
  if (findings.length === 0) return null;
  return (
    <Panel title="Findings" note="Each leads to its place on the diff.">
      <FindingList
        findings={numbered(findings)}
        hrefOf={(at) => `/decisions/${decision}?run=${run.id}#finding-${at}`}
      />
    </Panel>
  );
}

function Seats({ run, story: { seats } }: { readonly run: Run; readonly story: RunStory }) {
  const done = seats.filter(({ judgement }) => judgement).length;
  const progress = `${done} of ${seats.length} seats have judged`;
  return (
    <Panel title="Panel" note={seats.length === 0 ? 'The change is being read.' : progress}>
      <VisuallyHidden role="status">{seats.length > 0 && progress}</VisuallyHidden>
      {seats.length === 0 && <Skeleton height={112} />}
      <ul className={classes['seats']}>
        {seats.map((seat) => (
          <SeatCard key={seat.seat} seat={seat} over={isOver(run)} />
        ))}
      </ul>
    </Panel>
  );
}

function Change({ subject, panel }: NonNullable<RunStory['prepared']>) {
  return (
    <Panel title="Change">
      <Facts
        facts={[
          ['Repository', <Visible key="repository" text={subject.repository} />],
          ['Head', <Digest key="head" value={subject.head} what="head commit" />],
          ['Base', <Digest key="base" value={subject.base} what="base commit" />],
          ['Panel', panel.name],
          ['Read from', shortened(panel.source)],
        ]}
      />
    </Panel>
  );
}
