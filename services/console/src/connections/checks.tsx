import type { ReplyOf, connections } from '@conclave/contracts';
import { Alert, List, Stack } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { Icon } from '../design/icon.js';
import { Tag } from '../design/tag.js';
import type { Look } from '../design/tones.js';

const good: Look = { tone: 'good', icon: 'check', word: 'Good' };
const bad: Look = { tone: 'bad', icon: 'cross', word: 'Not so' };

interface ChecksProps {
  readonly checks: ReplyOf<typeof connections.testConnection>['checks'];
  /** Whether it is asked if that is to be saved which has failed. */
  readonly asks: boolean;
}

/** What a try of settings found. */
export function Checks({ checks, asks }: ChecksProps) {
  const found = useRef<HTMLDivElement>(null);
  // It comes at the end of a long form, where the button is that asked for it.
  useEffect(() => {
    found.current?.scrollIntoView({ block: 'center' });
  }, [checks, asks]);
  return (
    <Stack ref={found} role="status" gap="sm">
      <List listStyleType="none" spacing="xs" size="sm">
        {checks.map(({ check, ok, says }) => (
          <List.Item key={check}>
            <Tag look={ok ? good : bad} /> {says}
          </List.Item>
        ))}
      </List>
      {asks && (
        <Alert variant="default" className="tone-warn" icon={<Icon name="alert" />} title="The test has failed">
          Nobody may be able to sign in through it.
        </Alert>
      )}
    </Stack>
  );
}
