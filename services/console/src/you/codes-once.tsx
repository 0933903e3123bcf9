import { Alert, Button, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import { Copy } from '../design/copy.js';
import { Icon } from '../design/icon.js';
import { saveFile } from '../design/save-file.js';

/** Recovery codes at the only moment they can be read. */
export function CodesOnce({ codes, onKept }: { readonly codes: readonly string[]; readonly onKept: () => void }) {
  const text = codes.join('\n');
  return (
    <Stack gap="md">
      <Alert variant="default" icon={<Icon name="info" />} title="Keep these recovery codes now">
        <Text size="sm">They are shown this once. Each takes the place of your authenticator app once.</Text>
      </Alert>
      <Group justify="space-between" align="start" wrap="nowrap">
        <SimpleGrid
          cols={2}
          verticalSpacing={4}
          component="ul"
          aria-label="Recovery codes"
          style={{ listStyle: 'none', padding: 0, margin: 0 }}
        >
          {codes.map((code) => (
            <li key={code}>
              <code>{code}</code>
            </li>
          ))}
        </SimpleGrid>
        <Copy value={text} what="recovery codes" />
      </Group>
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={() => saveFile('conclave-recovery-codes.txt', `${text}\n`)}>
          Save as a file
        </Button>
        <Button onClick={onKept}>I have kept them</Button>
      </Group>
    </Stack>
  );
}
