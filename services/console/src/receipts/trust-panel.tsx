import { audit } from '@conclave/contracts';
import { Alert, Button, Code, FileButton, Group, JsonInput, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ask } from '../api/queries.js';
import { Icon } from '../design/icon.js';
import { Facts, Panel } from '../design/panel.js';
import { useMay } from '../sign-in/use-me.js';
import { keepTrust, readTrust, useTrust, type LoadedTrust } from './trust-store.js';

const FILE = '.conclave/trust.json';

/** Whose keys this browser believes: nobody's until a trust file is loaded. */
export function TrustPanel() {
  const trust = useTrust();
  const [pasting, { open, close }] = useDisclosure(false);
  const load = (file: File | null): void => void file?.text().then(keepTrust);
  return (
    <Panel title="Whom you trust" note="Kept in this browser only. It comes from your side, never from the platform.">
      <Stack gap="sm">
        {trust === undefined && (
          <Text size="sm">
            No trust file is loaded, so the best verdict is <b>consistent, untrusted</b>: anybody can make a receipt
            that holds together. Load <Code>{FILE}</Code> from your repository’s target branch.
          </Text>
        )}
        {trust && 'fault' in trust && (
          <Alert variant="default" title="The loaded file is no trust policy" icon={<Icon name="alert" />} role="alert">
            {trust.fault}
          </Alert>
        )}
        {trust && 'policy' in trust && <Believed trust={trust} />}
        <Group gap="xs">
          <FileButton onChange={load} accept="application/json,.json">
            {(props) => (
              <Button {...props} variant="default" size="xs" leftSection={<Icon name="upload" size={14} />}>
                {trust ? 'Load another' : 'Load trust.json'}
              </Button>
            )}
          </FileButton>
          <Button variant="default" size="xs" onClick={open}>
            Paste…
          </Button>
          {trust && (
            <Button variant="subtle" color="gray" size="xs" onClick={() => keepTrust(undefined)}>
              Forget
            </Button>
          )}
        </Group>
        <Platform trust={trust} />
      </Stack>
      <PasteTrust opened={pasting} onClose={close} />
    </Panel>
  );
}

function Believed({ trust: { policy } }: { readonly trust: Extract<LoadedTrust, { policy: unknown }> }) {
  const { logs, services, witnesses, algorithms, relyingParties, minExternalCustody, require: demands } = policy;
  const demanded = [
    ...Object.entries(demands).map(([name, value]) => `${name} is ${value}`),
    ...(algorithms ? [`voters sign with ${algorithms.join(' or ')}`] : []),
    ...(relyingParties ? [`passkeys are for ${relyingParties.map(({ origin }) => origin).join(' or ')}`] : []),
    ...(minExternalCustody > 0 ? [`${minExternalCustody} keys outside the platform`] : []),
  ];
  return (
    <Facts
      facts={[
        ['Logs', logs.map(({ name }) => name).join(', ')],
        ['Services', services.map(({ name }) => name).join(', ')],
        [
          'Witnesses',
          witnesses.keys.length === 0 ? 'none asked' : `${witnesses.threshold} of ${witnesses.keys.length}`,
        ],
        ['Demands', demanded.length === 0 ? 'none' : demanded.join('; ')],
      ]}
    />
  );
}

/** What the platform says its log is: worth comparing with a trust file, and worth nothing instead of one. */
function Platform({ trust }: { readonly trust: LoadedTrust | undefined }) {
  const may = useMay();
  const log = useQuery({ ...ask(audit.getLog, {}), enabled: may('audit:read') });
  if (!log.data) return null;
  const { origin } = log.data;
  const pinned = trust && 'policy' in trust && trust.policy.logs.some(({ name }) => name === origin);
  return (
    <Text size="xs" c="dimmed">
      This platform’s log is <Code>{origin}</Code>
      {trust === undefined ? '.' : pinned ? ', which your trust file names.' : ', which your trust file does not name.'}
    </Text>
  );
}

function PasteTrust({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  const [text, setText] = useState('');
  const read = text.trim() === '' ? undefined : readTrust(text);
  const fault = read && 'fault' in read ? read.fault : undefined;
  return (
    <Modal opened={opened} onClose={onClose} title={`Paste ${FILE}`} size="lg">
      <Stack gap="md">
        <JsonInput
          label="Trust policy"
          description="From the target branch of your repository, or from whoever you trust to name the keys."
          autosize
          minRows={8}
          maxRows={16}
          spellCheck={false}
          value={text}
          onChange={setText}
          error={fault}
          data-autofocus
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
          <Button
            disabled={!read || fault !== undefined}
            onClick={() => {
              keepTrust(text);
              onClose();
            }}
          >
            Trust these keys
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
