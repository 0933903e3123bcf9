import type { Decision } from '@conclave/contracts';
import {
  Button,
  Checkbox,
  Group,
  NativeSelect,
  NumberInput,
  Radio,
  SimpleGrid,
  Stack,
  Text,
  Textarea,
} from '@mantine/core';
import { useState, type SyntheticEvent } from 'react';
import { visibleString } from '../design/visible-text.js';
import { emptySheet, needs, saidBy, type Sheet } from './ballot-sheet.js';
import type { Said } from './sign-ballot.js';

interface VoteFormProps {
  readonly decision: Decision;
  readonly isPending: boolean;
  readonly onVote: (said: Said, reason: string) => void;
}

/** A ballot to fill in, as the decision's rule asks for it. */
export function VoteForm({ decision, isPending, onVote }: VoteFormProps) {
  const [sheet, setSheet] = useState<Sheet>(() => emptySheet(decision));
  const change = (part: Partial<Sheet>): void => setSheet((now) => ({ ...now, ...part }));
  const sealed = decision.secrecy === 'sealed' && sheet.vote !== 'abstain';
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    onVote(saidBy(sheet, decision), sheet.reason);
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <YourVote decision={decision} sheet={sheet} onChange={change} />
        {sheet.vote !== 'abstain' && <OptionFields decision={decision} sheet={sheet} onChange={change} />}
        <Textarea
          label="Reason"
          description={sheet.vote === 'abstain' ? 'Why you abstain.' : 'The receipt keeps it for whoever reads it.'}
          autosize
          minRows={2}
          maxLength={4_000}
          required={sheet.vote === 'abstain'}
          value={sheet.reason}
          onChange={(event) => change({ reason: event.currentTarget.value })}
        />
        <Group justify="space-between" gap="sm">
          <Text size="xs" c="dimmed" maw={420}>
            {sealed
              ? 'You commit now and reveal when everybody has: until then nobody can read your ballot.'
              : 'It cannot be changed: another ballot would make you void.'}
          </Text>
          <Button type="submit" loading={isPending} disabled={needs(sheet, decision) !== undefined}>
            {sealed ? 'Commit with your passkey' : 'Vote with your passkey'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface PartProps {
  readonly decision: Decision;
  readonly sheet: Sheet;
  readonly onChange: (part: Partial<Sheet>) => void;
}

function YourVote({ decision, sheet, onChange }: PartProps) {
  const plain = decision.rule.method === 'approval-gate';
  return (
    <Radio.Group
      label="Your vote"
      required
      value={sheet.vote ?? ''}
      onChange={(vote) => onChange({ vote: vote as Sheet['vote'] })}
    >
      <Group gap="lg" mt={6}>
        {plain ? (
          <>
            <Radio value="yes" label="Approve" />
            <Radio value="no" label="Reject" />
          </>
        ) : (
          <Radio value="say" label="Vote" />
        )}
        <Radio value="abstain" label="Abstain" />
      </Group>
    </Radio.Group>
  );
}

function OptionFields({ decision: { rule, options }, sheet, onChange }: PartProps) {
  const named = options.map(({ id, title }) => ({ id, title: visibleString(title) }));
  switch (rule.method) {
    case 'approval-gate':
      return null;
    case 'plurality':
      return (
        <Radio.Group
          label="Your choice"
          required
          value={sheet.choice}
          onChange={(choice) => onChange({ choice, vote: 'say' })}
        >
          <Stack gap={6} mt={6}>
            {named.map(({ id, title }) => (
              <Radio key={id} value={id} label={title} />
            ))}
          </Stack>
        </Radio.Group>
      );
    case 'approval':
      return (
        <Checkbox.Group
          label="What you approve of"
          description="As many as you like, or none."
          value={sheet.approve}
          onChange={(approve) => onChange({ approve, vote: 'say' })}
        >
          <Stack gap={6} mt={6}>
            {named.map(({ id, title }) => (
              <Checkbox key={id} value={id} label={title} />
            ))}
          </Stack>
        </Checkbox.Group>
      );
    default:
      return (
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          {named.map(({ id, title }) =>
            rule.method === 'score' ? (
              <NumberInput
                key={id}
                label={title}
                description="0 to 1000 points"
                min={0}
                max={1_000}
                allowDecimal={false}
                value={sheet.score[id] ?? ''}
                onChange={(points) => onChange({ score: { ...sheet.score, [id]: Number(points) }, vote: 'say' })}
              />
            ) : (
              <NativeSelect
                key={id}
                label={title}
                description="Its place; equals may share one"
                data={[
                  { value: '', label: 'last' },
                  ...named.map((_, at) => ({ value: String(at + 1), label: `${at + 1}.` })),
                ]}
                value={String(sheet.places[id] ?? '')}
                onChange={({ currentTarget: { value } }) =>
                  onChange({ places: { ...sheet.places, [id]: value === '' ? undefined : Number(value) }, vote: 'say' })
                }
              />
            ),
          )}
        </SimpleGrid>
      );
  }
}
