import { auth, permissions, policies, type Permission, type ReplyOf, type RequestInputOf } from '@conclave/contracts';
import { Button, Group, NativeSelect, Paper, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core';
import { useState } from 'react';
import { Explained } from '../api/refusal-text.js';
import { send, usePages, useWork } from '../api/queries.js';
import { Refused } from '../design/refusal.js';
import { Tag } from '../design/tag.js';
import type { Look } from '../design/tones.js';
import { useMe } from '../sign-in/use-me.js';
import { issuesOf } from './policy-text.js';

type Trial = RequestInputOf<typeof policies.testPolicies>;
type Verdict = ReplyOf<typeof policies.testPolicies>;

const allowed: Look = { tone: 'good', icon: 'check', word: 'Permitted' };
const forbidden: Look = { tone: 'bad', icon: 'cross', word: 'Forbidden' };

interface TryRequestProps {
  readonly draft: NonNullable<Trial['draft']>;
  /** Told when the draft itself is what is wrong. */
  readonly onRefused: (error: unknown) => void;
}

/** Asks what would be answered to a request if the draft were saved. */
export function TryRequest({ draft, onRefused }: TryRequestProps) {
  const me = useMe().data;
  const { items = [] } = usePages(auth.listMembers, { limit: 100 });
  const [principal, setPrincipal] = useState(me?.principal.id ?? '');
  const [action, setAction] = useState<Permission>('run:create');
  const [credential, setCredential] = useState<'sign-in' | 'api-key'>('sign-in');
  const [attributes, setAttributes] = useState('');
  const trial = useWork((request: () => Trial) => send(policies.testPolicies, request()), []);
  const attempt = (): void => {
    const request = (): Trial => ({
      ...{ principal, action, credential, draft },
      resource: { attributes: attributesOf(attributes) },
    });
    trial.mutate(request, { onError: onRefused });
  };
  return (
    <Paper withBorder p="md" mt="md" role="group" aria-label="Try it">
      <Stack gap="sm">
        <div>
          <Title order={3}>Try it before it is saved</Title>
          <Text size="xs" c="dimmed">
            Nothing is done: the roles and policies are asked about a request, with this text in place.
          </Text>
        </div>
        <SimpleGrid cols={{ base: 1, xs: 3 }}>
          <NativeSelect
            label="Member"
            data={items.map((member) => ({
              value: member.principal.id,
              label: `${member.principal.name} (${member.role})`,
            }))}
            value={principal}
            onChange={(event) => setPrincipal(event.currentTarget.value)}
          />
          <NativeSelect
            label="Action"
            data={[...permissions]}
            value={action}
            onChange={(event) => setAction(event.currentTarget.value as Permission)}
          />
          <NativeSelect
            label="Comes with"
            data={[
              { value: 'sign-in', label: 'a sign-in' },
              { value: 'api-key', label: 'an API key' },
            ]}
            value={credential}
            onChange={(event) => setCredential(event.currentTarget.value === 'api-key' ? 'api-key' : 'sign-in')}
          />
        </SimpleGrid>
        <TextInput
          label="What the request says"
          description="As JSON, of what policies can speak of."
          placeholder='{"agents": ["command"]}'
          spellCheck={false}
          value={attributes}
          onChange={(event) => setAttributes(event.currentTarget.value)}
        />
        <Refused error={issuesOf(trial.error) ? null : trial.error} />
        <Group justify="space-between">
          <div role="status">{trial.data && !trial.isPending && <Answer {...trial.data} />}</div>
          <Button variant="default" loading={trial.isPending} onClick={attempt}>
            Try it
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}

function Answer({ allowed: isAllowed, decidedBy, policies: forbidding }: Verdict) {
  const why = decidedBy === 'role' ? 'by their role' : `by ${forbidding.join(', ')}`;
  return (
    <Text size="sm">
      <Tag look={isAllowed ? allowed : forbidden} /> {why}
    </Text>
  );
}

type Attributes = NonNullable<NonNullable<Trial['resource']>['attributes']>;

function attributesOf(text: string): Attributes {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Attributes;
  } catch {
    // It is refused below, like what is JSON of another kind.
  }
  throw new Explained(
    'What the request says is not JSON.',
    'Write it like {"agents": ["command"]}, or leave it empty.',
  );
}
