import { base64 } from '@conclave/audit-core';
import { Alert, Code, Group } from '@mantine/core';
import { Copy, Digest } from '../design/copy.js';
import { Fold } from '../design/fold.js';
import { Icon } from '../design/icon.js';
import { Facts, Panel } from '../design/panel.js';
import { Tag } from '../design/tag.js';
import type { Look } from '../design/tones.js';
import type { SeenLog } from './use-log.js';

/** The log's latest signed checkpoint, and what this browser made of it. */
export function CheckpointPanel({ log }: { readonly log: SeenLog }) {
  const { identity, size, root, growth, pinned, checkpoint } = log;
  const [growthLook, said] = growthOf(log);
  return (
    <Panel
      title="Checkpoint"
      note="Checked in this browser, every time this page is open."
      aside={<Tag look={growthLook} />}
    >
      {!growth.ok && (
        <Alert variant="default" title="Do not rely on this log" icon={<Icon name="alert" />} role="alert" mb="md">
          {growth.steps.at(-1)?.detail}
        </Alert>
      )}
      <Facts
        facts={[
          ['Origin', <code key="origin">{identity.origin}</code>],
          ['Entries', size.toLocaleString('en')],
          ['Root', <Digest key="root" value={base64(root)} what="root hash" length={16} />],
          ['Growth', said],
          [
            'Signed by',
            pinned
              ? 'the key your trust file names'
              : 'the key the platform names for it; pin it in a trust file to be sure',
          ],
          ['Key', <Digest key="vkey" value={identity.vkey} what="verifier key" length={identity.origin.length + 9} />],
        ]}
      />
      <Fold title="The signed note, verbatim">
        <Group align="flex-start" gap={4} wrap="nowrap" mt={6}>
          <Code block style={{ flex: 1, overflowX: 'auto' }}>
            {checkpoint}
          </Code>
          <Copy value={checkpoint} what="checkpoint" />
        </Group>
      </Fold>
    </Panel>
  );
}

function growthOf({ growth, size, sizeBefore }: SeenLog): readonly [Look, string] {
  if (!growth.ok) return [{ tone: 'bad', icon: 'cross', word: 'Not consistent' }, growth.steps.at(-1)?.detail ?? ''];
  const look: Look = { tone: 'good', icon: 'check', word: 'Only grew' };
  if (size === sizeBefore) return [look, 'Nothing was added since this browser last looked'];
  return [look, `Only grew from ${sizeBefore} to ${size} entries since this browser last looked`];
}
