import { runs, runtime, type Run } from '@conclave/contracts';
import { answerOf, questionOf, type Json, type Question } from '@conclave/sdk';
import { Button, Group, Stack, Text, Textarea } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { ask, LIVE_MS, useCommand } from '../api/queries.js';
import { Panel } from '../design/panel.js';
import { Refusal, Refused } from '../design/refusal.js';
import { exactly } from '../design/time.js';
import { Visible, VisibleProse } from '../design/visible.js';
import { useMay } from '../sign-in/use-me.js';
import { isOver } from './run-story.js';

/** What the run asks people at the moment, each with its answers. */
export function Questions({ run }: { readonly run: Run }) {
  const asks = run.kind !== 'review' && !isOver(run);
  const waits = useQuery({ ...ask(runs.listWaits, { id: run.id }), enabled: asks, refetchInterval: LIVE_MS });
  if (!asks) return null;
  if (waits.data === undefined)
    return waits.error && <Refusal error={waits.error} onRetry={() => void waits.refetch()} />;
  return waits.data.items.map((wait) => {
    const question = questionOf(wait);
    return question && <Asked key={`${wait.task}/${wait.no}`} run={run} question={question} />;
  });
}

function Asked({ run: { id }, question }: { readonly run: Run; readonly question: Question }) {
  const may = useMay();
  const answer = useCommand(runs.answerRun, [runs.listWaits, runs.listTasks, runtime.getRun, runtime.getRunResult]);
  const { task, text, options, kind, expiresAt } = question;
  const send = (words: string, result?: Json): void =>
    answer.mutate({ id, task, answer: answerOf(question, words, result) });
  const form = { isPending: answer.isPending, onAnswer: send };
  return (
    <Panel
      title={
        <>
          <Visible text={task} /> asks
        </>
      }
      note={`Until ${exactly(Date.parse(expiresAt))}. The first answer is taken.`}
    >
      <Stack gap="md">
        <Text component="div">
          {text.split('\n').map((line, at) => (
            <div key={at}>
              <VisibleProse text={line} />
            </div>
          ))}
        </Text>
        <Refused error={answer.error} />
        {!may('run:answer') ? (
          <Text size="sm" c="dimmed">
            Your key does not permit answering.
          </Text>
        ) : kind === 'effect' ? (
          <Effect options={options} {...form} />
        ) : options.length > 0 ? (
          <Options options={options} {...form} />
        ) : (
          <Words {...form} />
        )}
      </Stack>
    </Panel>
  );
}

interface FormProps {
  readonly isPending: boolean;
  readonly onAnswer: (words: string, result?: Json) => void;
}
type OptionsProps = FormProps & Pick<Question, 'options'>;

function Options({ options, isPending, onAnswer }: OptionsProps) {
  return (
    <Group gap="xs">
      {options.map(({ id, title }) => (
        <Button key={id} variant="default" disabled={isPending} onClick={() => onAnswer(id)}>
          <Visible text={title} />
        </Button>
      ))}
    </Group>
  );
}

function Words({ isPending, onAnswer }: FormProps) {
  const [words, setWords] = useState('');
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    onAnswer(words);
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="xs" align="flex-start">
        <Textarea
          aria-label="Your answer"
          autosize
          minRows={2}
          w="100%"
          required
          value={words}
          onChange={(event) => setWords(event.currentTarget.value)}
        />
        <Button type="submit" loading={isPending}>
          Answer
        </Button>
      </Stack>
    </form>
  );
}

/** What did happen has a result, which whoever looked may know. */
function Effect(props: OptionsProps) {
  const [given, setGiven] = useState('');
  const result = jsonOf(given);
  return (
    <Stack gap="xs">
      <Textarea
        label="What it gave, if it happened"
        description="JSON; may be left empty."
        autosize
        error={result === undefined && 'This is not JSON.'}
        value={given}
        onChange={(event) => setGiven(event.currentTarget.value)}
      />
      <Options
        {...props}
        isPending={props.isPending || result === undefined}
        onAnswer={(word) => props.onAnswer(word, result)}
      />
    </Stack>
  );
}

function jsonOf(text: string): Json | undefined {
  try {
    return text.trim() === '' ? null : (JSON.parse(text) as Json);
  } catch {
    return undefined;
  }
}
