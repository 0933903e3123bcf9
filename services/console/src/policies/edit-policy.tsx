import { policies } from '@conclave/contracts';
import { Button, Modal, NativeSelect, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ask, useCommand } from '../api/queries.js';
import { CommandForm } from '../design/command-form.js';
import { Icon } from '../design/icon.js';
import { Waiting } from '../design/page.js';
import { Refusal } from '../design/refusal.js';
import { issuesOf, PolicyText } from './policy-text.js';
import { TryRequest } from './try-request.js';

const touches = [policies.listPolicies, policies.getPolicy];

const blank = `forbid (
  principal in Role::"developer",
  action == Action::"run:cancel",
  resource
);
`;

/** Writes a policy. */
export function NewPolicy() {
  const [opened, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button onClick={open} leftSection={<Icon name="plus" />}>
        New policy
      </Button>
      <Modal opened={opened} onClose={close} title="New policy" size="xl">
        <Editor source={blank} onDone={close} />
      </Modal>
    </>
  );
}

interface OpenPolicyProps {
  readonly id: string;
  readonly version: number;
  readonly manages: boolean;
}

/** Shows a policy in any of its versions, and changes it. */
export function OpenPolicy({ id, version, manages }: OpenPolicyProps) {
  const [opened, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button size="compact-xs" variant="default" onClick={open} aria-label={`Open ${id}`}>
        Open…
      </Button>
      <Modal opened={opened} onClose={close} title={id} size="xl">
        <Versions id={id} version={version} manages={manages} onDone={close} />
      </Modal>
    </>
  );
}

function Versions({ id, version, manages, onDone }: OpenPolicyProps & { readonly onDone: () => void }) {
  const [shown, setShown] = useState(version);
  const policy = useQuery(ask(policies.getPolicy, { id, version: shown }));
  const all = Array.from({ length: version }, (_, at) => version - at);
  return (
    <>
      <NativeSelect
        label="Version"
        {...(shown === version ? {} : { description: 'An earlier one: saving it makes it the newest.' })}
        mb="md"
        data={all.map((one) => ({ value: String(one), label: one === version ? `${one}, in force` : String(one) }))}
        value={String(shown)}
        onChange={(event) => setShown(Number(event.currentTarget.value))}
      />
      {policy.error && <Refusal error={policy.error} />}
      {!policy.data && !policy.error && <Waiting rows={3} />}
      {policy.data && !manages && <PolicyText value={policy.data.source} />}
      {policy.data && manages && <Editor key={shown} id={id} source={policy.data.source} onDone={onDone} />}
    </>
  );
}

interface EditorProps {
  /** Absent while it has none. */
  readonly id?: string;
  readonly source: string;
  readonly onDone: () => void;
}

function Editor({ id: given, source, onDone }: EditorProps) {
  const put = useCommand(policies.putPolicy, touches);
  const [id, setId] = useState(given ?? '');
  const [text, setText] = useState(source);
  const [tried, setTried] = useState<unknown>(null);
  const issues = issuesOf(put.error) ?? issuesOf(tried);
  const write = (next: string): void => {
    setText(next);
    setTried(null);
    put.reset();
  };
  return (
    <>
      <CommandForm
        onSubmit={() => put.mutate({ id, source: text }, { onSuccess: onDone })}
        error={issuesOf(put.error) ? null : put.error}
        isPending={put.isPending}
        send="Save"
      >
        {given === undefined && (
          <TextInput
            label="Name"
            description="Small letters, digits and hyphens. Whoever is refused is told it."
            placeholder="no-commands"
            required
            maxLength={60}
            pattern="[a-z][a-z0-9]*(-[a-z0-9]+)*"
            data-autofocus
            value={id}
            onChange={(event) => setId(event.currentTarget.value)}
          />
        )}
        <PolicyText value={text} onChange={write} {...(issues ? { issues } : {})} />
      </CommandForm>
      <TryRequest draft={{ id: id === '' ? 'draft' : id, source: text }} onRefused={setTried} />
    </>
  );
}
