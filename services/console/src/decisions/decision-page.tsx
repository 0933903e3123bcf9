import { consensus, runtime, type Decision } from '@conclave/contracts';
import { Button, Grid, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ask, LIVE_MS } from '../api/queries.js';
import { Icon } from '../design/icon.js';
import { Ago } from '../design/moment.js';
import { Page, Waiting } from '../design/page.js';
import { Refusal } from '../design/refusal.js';
import { FindingsOnDiff } from '../findings/findings-on-diff.js';
import { Link, useAddress } from '../routing/router.js';
import type { PageProps } from '../routing/page-props.js';
import { VotingPanel } from '../voting/voting-panel.js';
import { BallotsTable } from './ballots-table.js';
import { Bench } from './bench.js';
import { whyText } from './decision-words.js';
import { DecisionAside } from './decision-aside.js';
import { Notices } from './notices.js';
import { OutcomeBanner } from './outcome-banner.js';
import { useRunOf } from './use-run-of.js';

const crumbs = [{ to: '/decisions', title: 'Decisions' }];

/** One decision: what came out, who said what and why, and the findings on the change. */
export function DecisionPage({ params }: PageProps) {
  const id = params['id'] ?? '';
  const decision = useQuery({
    ...ask(consensus.getDecision, { id }),
    refetchInterval: ({ state }) => (state.data && state.data.receiptReady ? false : LIVE_MS),
  });
  if (decision.data === undefined)
    return (
      <Page title="Decision" crumbs={crumbs}>
        {decision.error ? <Refusal error={decision.error} onRetry={() => void decision.refetch()} /> : <Waiting />}
      </Page>
    );
  return <Decided decision={decision.data} />;
}

function Decided({ decision }: { readonly decision: Decision }) {
  const { query } = useAddress();
  const run = useRunOf(decision, query.get('run'));
  const { id, question, outcome, notices, sealedAt, openedAt, receiptReady } = decision;
  return (
    <Page
      title={question}
      crumbs={crumbs}
      description={
        <>
          {sealedAt === undefined ? 'Opened' : 'Sealed'} <Ago at={sealedAt ?? openedAt} />
        </>
      }
      actions={
        <>
          {run.data && (
            <Button component={Link} to={`/runs/${run.data}`} variant="default">
              The run
            </Button>
          )}
          {receiptReady && (
            <Button component={Link} to={`/decisions/${id}/receipt`} leftSection={<Icon name="shield" />}>
              Verify the receipt
            </Button>
          )}
        </>
      }
    >
      <Stack gap="md">
        {outcome && (
          <OutcomeBanner status={outcome.status} reason={whyText(decision)}>
            <Bench decision={decision} />
          </OutcomeBanner>
        )}
        <Notices notices={notices} />
        <VotingPanel decision={decision} />
        <Grid gap="md">
          <Grid.Col span={{ base: 12, lg: 8 }}>
            <BallotsTable decision={decision} />
          </Grid.Col>
          <Grid.Col span={{ base: 12, lg: 4 }}>
            <DecisionAside decision={decision} />
          </Grid.Col>
        </Grid>
        {run.data && <Findings run={run.data} over={outcome !== undefined} />}
      </Stack>
    </Page>
  );
}

function Findings({ run, over }: { readonly run: string; readonly over: boolean }) {
  const result = useQuery({ ...ask(runtime.getRunResult, { id: run }), enabled: over });
  if (!over) return null;
  if (result.error) return <Refusal error={result.error} onRetry={() => void result.refetch()} />;
  if (result.data === undefined) return <Waiting rows={3} height={72} />;
  return runtime.isReview(result.data) ? <FindingsOnDiff run={run} findings={result.data.findings} /> : null;
}
