import { Grid, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { Icon } from '../design/icon.js';
import { Page } from '../design/page.js';
import { ReceiptDrop, type ReceiptFile } from './receipt-drop.js';
import { TrustPanel } from './trust-panel.js';
import { VerdictView } from './verdict-view.js';

/** Any receipt, from anywhere, verified without asking the platform. */
export function VerifyPage() {
  const [file, setFile] = useState<ReceiptFile>();
  return (
    <Page
      title="Verify a receipt"
      description="Checks a decision receipt against the keys you trust. Nothing leaves this browser, and no service is asked."
    >
      <Grid gap="md">
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <Stack gap="md">
            <ReceiptDrop onFile={setFile} />
            {file && (
              <>
                <Group gap={6}>
                  <Icon name="file" />
                  <Text size="sm" fw={550}>
                    {file.name}
                  </Text>
                </Group>
                <VerdictView receipt={file.text} />
              </>
            )}
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4 }}>
          <TrustPanel />
        </Grid.Col>
      </Grid>
    </Page>
  );
}
