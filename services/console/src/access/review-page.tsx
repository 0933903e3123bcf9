import { accessReviews } from '@conclave/contracts';
import { Button, Group, Progress, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ask, useCommand, useWork } from '../api/queries.js';
import { Confirm } from '../design/confirm.js';
import { CommandLine } from '../design/copy.js';
import { Icon } from '../design/icon.js';
import { Page, Waiting } from '../design/page.js';
import { Facts, Panel } from '../design/panel.js';
import { Refusal, Refused } from '../design/refusal.js';
import { saveFile } from '../design/save-file.js';
import { Tag } from '../design/tag.js';
import { exactly } from '../design/time.js';
import { Visible } from '../design/visible.js';
import { useNameOf } from '../members/use-name-of.js';
import type { PageProps } from '../routing/page-props.js';
import { Accesses } from './accesses.js';
import { readReport } from './read-report.js';
import { lookOf, type Review } from './reviews-page.js';

/** One review: how far it is, who has access, and what is said of each. */
export function ReviewPage({ params }: PageProps) {
  const { id = '' } = params;
  const review = useQuery(ask(accessReviews.getAccessReview, { id }));
  if (review.error) return <Refusal error={review.error} onRetry={() => void review.refetch()} />;
  if (!review.data) return <Waiting />;
  const { data } = review;
  return (
    <Page
      title={data.name}
      crumbs={[{ to: '/access-reviews', title: 'Access reviews' }]}
      description={<Tag look={lookOf(data)} />}
      actions={data.closedAt === undefined && <Close {...data} />}
    >
      <Standing {...data} />
      {data.closedAt !== undefined && <Report {...data} />}
      <Accesses review={data} />
    </Page>
  );
}

const ends = { keep: 'stays', revoke: 'ends' } as const;

function Standing({ items, decided, dueAt, createdAt, createdBy, closedAt, closedBy, undecided }: Review) {
  const nameOf = useNameOf();
  const by = (at: string, actor: string) => (
    <>
      {exactly(Date.parse(at))}, by <Visible text={nameOf(actor)} />
    </>
  );
  return (
    <Panel title={`${decided} of ${items} decided`}>
      <Stack gap="md">
        <Progress
          value={items === 0 ? 100 : (100 * decided) / items}
          size="sm"
          aria-label="How many are decided"
          color={decided === items ? 'green.8' : 'violet'}
        />
        <Facts
          facts={[
            ['Begun', by(createdAt, createdBy)],
            closedAt === undefined
              ? ['Closes by itself', exactly(Date.parse(dueAt))]
              : ['Closed', by(closedAt, closedBy ?? 'service:auth')],
            ['What nobody decides about', ends[undecided]],
          ]}
        />
      </Stack>
    </Panel>
  );
}

function Close({ id, items, decided, undecided }: Review) {
  const close = useCommand(accessReviews.closeAccessReview, [
    ...[accessReviews.getAccessReview, accessReviews.listAccessReviews, accessReviews.listAccessReviewItems],
  ]);
  const left = items - decided;
  return (
    <Confirm
      question="Close the review?"
      yes="Close it"
      command={close}
      request={{ id }}
      opener={(open) => (
        <Button onClick={open} leftSection={<Icon name="check" />}>
          Close the review…
        </Button>
      )}
    >
      What was revoked ends at once: members leave with their keys and sign-ins.{' '}
      {left > 0 && `Nobody decided about ${left} of ${items}: ${undecided === 'keep' ? 'they stay' : 'they end, too'}.`}{' '}
      Nothing can be decided afterwards.
    </Confirm>
  );
}

function Report({ id, sha256 }: Review) {
  const read = useWork(() => readReport(id), []);
  const name = `${id}.jsonl`;
  return (
    <Panel
      title="Report"
      note="What came of each access, by ids, with the proof that the audit log has it. An auditor needs nothing else of us."
      aside={
        <Button
          size="xs"
          variant="default"
          leftSection={<Icon name="download" />}
          loading={read.isPending}
          onClick={() => read.mutate(undefined, { onSuccess: (text) => saveFile(name, text) })}
        >
          Download the report
        </Button>
      }
    >
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          Verify it offline, with the trust root that you keep:
        </Text>
        <CommandLine line={`conclave access-reviews verify ${name} --trust trust.json`} />
        {sha256 !== undefined && <Facts facts={[['SHA-256 in the log', <code key="digest">{sha256}</code>]]} />}
        <Group>
          <Refused error={read.error} />
        </Group>
      </Stack>
    </Panel>
  );
}
