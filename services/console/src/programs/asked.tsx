import type { oauth, ReplyOf } from '@conclave/contracts';
import { Button, Group, List, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Icon } from '../design/icon.js';
import { Facts, Panel } from '../design/panel.js';
import { Refused } from '../design/refusal.js';
import { exactly } from '../design/time.js';
import { Visible } from '../design/visible.js';
import { scopeWords } from './scope-words.js';

type Question = Pick<
  ReplyOf<typeof oauth.getAuthorization>,
  'client' | 'scopes' | 'beyond' | 'workspace' | 'actsUntil'
>;

interface AskedProps {
  readonly question: Question;
  /** What else the person should look at before they answer. */
  readonly facts: readonly (readonly [name: string, value: ReactNode])[];
  readonly caution: string;
  readonly error: unknown;
  readonly isPending: boolean;
  readonly onAnswer: (allow: boolean) => void;
}

/** What a program asks for, in words, and the two answers. */
export function Asked({ question, facts, caution, error, isPending, onAnswer }: AskedProps) {
  const { client, scopes, beyond, workspace, actsUntil } = question;
  const until =
    actsUntil === undefined ? [] : [['Until', `${exactly(Date.parse(actsUntil))}, or you stop it`] as const];
  return (
    <Panel
      title={
        <>
          <Visible text={client.name} /> wants to act for you
        </>
      }
      note={client.builtIn ? 'The command line of Conclave.' : 'A program that an administrator of yours registered.'}
    >
      <Stack gap="md">
        <Facts facts={[['Workspace', <Visible key="workspace" text={workspace.name} />], ...facts, ...until]} />
        {scopes.length === 0 ? (
          <Text size="sm">It asks for nothing that you can allow it.</Text>
        ) : (
          <div>
            <Text size="sm" fw={550} mb={4}>
              It may then, as you:
            </Text>
            <List size="sm" aria-label="What it may do">
              {scopes.map((scope) => (
                <List.Item key={scope}>{scopeWords[scope]}</List.Item>
              ))}
            </List>
          </div>
        )}
        {beyond.length > 0 && (
          <Text size="xs" c="dimmed">
            It also asks for what it cannot get from you: {beyond.join(', ')}.
          </Text>
        )}
        <Text size="sm" c="dimmed">
          {caution}
        </Text>
        <Refused error={error} />
        <Group gap="xs">
          <Button
            leftSection={<Icon name="check" />}
            loading={isPending}
            disabled={scopes.length === 0}
            onClick={() => onAnswer(true)}
          >
            Allow
          </Button>
          <Button variant="default" disabled={isPending} onClick={() => onAnswer(false)}>
            Deny
          </Button>
        </Group>
      </Stack>
    </Panel>
  );
}
