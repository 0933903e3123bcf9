import { oauth, type ReplyOf } from '@conclave/contracts';
import { Button, Group, Stack, TextInput } from '@mantine/core';
import { useState, type SyntheticEvent } from 'react';
import { useCommand } from '../api/queries.js';
import { Ago } from '../design/moment.js';
import { NothingHere } from '../design/nothing-here.js';
import { Page } from '../design/page.js';
import { Panel } from '../design/panel.js';
import { Refused } from '../design/refusal.js';
import { Visible } from '../design/visible.js';
import { useAddress } from '../routing/router.js';
import { Asked } from './asked.js';

/** Where a person answers a program that runs on another device, or in a terminal: by the code it shows. */
export function DevicePage() {
  const { query } = useAddress();
  const [code, setCode] = useState(query.get('user_code') ?? '');
  const open = useCommand(oauth.openDeviceCode, []);
  const decide = useCommand(oauth.decideDeviceCode, [oauth.listGrants]);
  return (
    <Page title="Connect a program" description="For programs that show a code, such as the command line.">
      {decide.data ? (
        <Done {...decide.data} />
      ) : open.data ? (
        <Question
          code={code}
          question={open.data}
          error={decide.error}
          isPending={decide.isPending}
          onAnswer={(allow) => decide.mutate({ userCode: code, allow, shown: open.data.shown })}
        />
      ) : (
        <CodeForm
          code={code}
          onCode={setCode}
          onSubmit={() => open.mutate({ userCode: code })}
          error={open.error}
          isPending={open.isPending}
        />
      )}
    </Page>
  );
}

interface CodeFormProps {
  readonly code: string;
  readonly onCode: (code: string) => void;
  readonly onSubmit: () => void;
  readonly error: unknown;
  readonly isPending: boolean;
}

function CodeForm({ code, onCode, onSubmit, error, isPending }: CodeFormProps) {
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <Panel>
      <form onSubmit={submit}>
        <Stack gap="md" maw={360}>
          <TextInput
            label="Code"
            description="As the program shows it. If it stands here already, compare the two."
            placeholder="BCDF-GHJK"
            required
            maxLength={40}
            autoFocus
            autoComplete="off"
            spellCheck={false}
            value={code}
            onChange={(event) => onCode(event.currentTarget.value)}
          />
          <Refused error={error} />
          <Group>
            <Button type="submit" loading={isPending} disabled={code.trim() === ''}>
              Continue
            </Button>
          </Group>
        </Stack>
      </form>
    </Panel>
  );
}

interface QuestionProps {
  readonly code: string;
  readonly question: ReplyOf<typeof oauth.openDeviceCode>;
  readonly error: unknown;
  readonly isPending: boolean;
  readonly onAnswer: (allow: boolean) => void;
}

function Question({ code, question, ...rest }: QuestionProps) {
  const { address, userAgent, requestedAt } = question;
  return (
    <Asked
      question={question}
      facts={[
        ['Code', <Visible key="code" text={code.toUpperCase()} />],
        ['Asked from', address],
        ...(userAgent === undefined ? [] : [['Calls itself', <Visible key="agent" text={userAgent} />] as const]),
        ['Asked', <Ago key="asked" at={requestedAt} />],
      ]}
      caution="Allow this only if you have just started it yourself and it shows this very code. Whoever sent you a code or a link to this page would act as you."
      {...rest}
    />
  );
}

function Done({ client, allowed }: ReplyOf<typeof oauth.decideDeviceCode>) {
  return (
    <Panel>
      <NothingHere
        icon={allowed ? 'check' : 'dash'}
        title={allowed ? `${client.name} acts for you now` : `${client.name} was denied`}
      >
        {allowed
          ? 'Go on where it showed the code; this page can be closed. It stops when you take it back on the page “You”.'
          : 'It gets nothing. This page can be closed.'}
      </NothingHere>
    </Panel>
  );
}
