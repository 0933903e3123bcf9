import { consensus, ConclaveError } from '@conclave/contracts';
import { Button, Grid, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ask } from '../api/queries.js';
import { CommandLine } from '../design/copy.js';
import { Icon } from '../design/icon.js';
import { Page, Waiting } from '../design/page.js';
import { Panel } from '../design/panel.js';
import { Refusal } from '../design/refusal.js';
import { saveFile } from '../design/save-file.js';
import type { PageProps } from '../routing/page-props.js';
import { TrustPanel } from './trust-panel.js';
import { VerdictView } from './verdict-view.js';

const PENDING_MS = 1_500;

/** The receipt of a decision, verified in this browser as any auditor would. */
export function DecisionReceiptPage({ params }: PageProps) {
  const id = params['id'] ?? '';
  const receipt = useQuery({
    ...ask(consensus.getReceipt, { id }),
    staleTime: Infinity,
    select: (file) => `${JSON.stringify(file, undefined, 2)}\n`,
    refetchInterval: ({ state: { error } }) => (isPending(error) ? PENDING_MS : false),
  });
  const name = `decision-${id}.receipt.json`;
  return (
    <Page
      title="Receipt"
      crumbs={[
        { to: '/decisions', title: 'Decisions' },
        { to: `/decisions/${id}`, title: id },
      ]}
      description="Signed by the service, logged, and verified by this browser alone: what follows is not the platform’s word."
      actions={receipt.data !== undefined && <Download name={name} text={receipt.data} />}
    >
      <Grid gap="md">
        <Grid.Col span={{ base: 12, lg: 8 }}>
          {receipt.data !== undefined ? (
            <VerdictView receipt={receipt.data} />
          ) : receipt.error ? (
            <Refusal error={receipt.error} onRetry={() => void receipt.refetch()} />
          ) : (
            <Waiting />
          )}
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4 }}>
          <Stack gap="md">
            <TrustPanel />
            {receipt.data !== undefined && (
              <Panel title="Offline" note="The same steps with the platform down.">
                <CommandLine line={`npm exec conclave -- verify ${name}`} />
              </Panel>
            )}
          </Stack>
        </Grid.Col>
      </Grid>
    </Page>
  );
}

const isPending = (error: unknown): boolean =>
  error instanceof ConclaveError && error.code === 'consensus.receipt.pending';

function Download({ name, text }: { readonly name: string; readonly text: string }) {
  return (
    <Button onClick={() => saveFile(name, text)} leftSection={<Icon name="download" />}>
      Download
    </Button>
  );
}
