import type { ReplyOf, connections } from '@conclave/contracts';
import { List } from '@mantine/core';
import { Tag } from '../design/tag.js';
import type { Look } from '../design/tones.js';

const good: Look = { tone: 'good', icon: 'check', word: 'Good' };
const bad: Look = { tone: 'bad', icon: 'cross', word: 'Not so' };

/** What a try of settings found. */
export function Checks({ checks }: { readonly checks: ReplyOf<typeof connections.testConnection>['checks'] }) {
  return (
    <List listStyleType="none" spacing="xs" size="sm" role="status">
      {checks.map(({ check, ok, says }) => (
        <List.Item key={check}>
          <Tag look={ok ? good : bad} /> {says}
        </List.Item>
      ))}
    </List>
  );
}
