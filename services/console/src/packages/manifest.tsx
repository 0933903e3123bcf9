import { marketplace } from '@conclave/contracts';
import { Code, Skeleton, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { z } from 'zod';
import { ask } from '../api/queries.js';
import { Fold } from '../design/fold.js';
import { Icon } from '../design/icon.js';
import { Refused } from '../design/refusal.js';
import classes from './packages-page.module.css';

const panelSeats = z.object({
  seats: z.array(
    z.object({ seat: z.string(), kind: z.enum(['gate', 'juror']), agent: z.string(), version: z.string() }),
  ),
});

/** Who sits on a panel, read when it is asked for. */
export function Manifest({ name }: { readonly name: string }) {
  const [opened, setOpened] = useState(false);
  return (
    <Fold title="Seats and manifest" onToggle={setOpened}>
      {opened && <Contents name={name} />}
    </Fold>
  );
}

function Contents({ name }: { readonly name: string }) {
  const found = useQuery(ask(marketplace.getPackage, { name }));
  if (found.error) return <Refused error={found.error} />;
  if (!found.data) return <Skeleton height={64} mt="xs" />;
  const { manifest, releases } = found.data;
  return (
    <>
      <ul className={classes['seats']}>
        {panelSeats.safeParse(manifest).data?.seats.map(({ seat, kind, agent, version }) => (
          <li key={seat}>
            <Icon name={kind === 'gate' ? 'gate' : 'decision'} size={14} />
            {seat}
            <small>
              {agent} {version}
            </small>
          </li>
        ))}
      </ul>
      <Text size="xs" c="dimmed" my="xs">
        Releases: {releases.map(({ version }) => version).join(', ')}
      </Text>
      <Code block mah={320} style={{ overflow: 'auto' }}>
        {JSON.stringify(manifest, undefined, 2)}
      </Code>
    </>
  );
}
