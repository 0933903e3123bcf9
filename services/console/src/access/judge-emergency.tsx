import { breakGlass } from '@conclave/contracts';
import { Button, Modal, SegmentedControl, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { useCommand } from '../api/queries.js';
import { CommandForm } from '../design/command-form.js';
import type { Emergency } from './use-emergencies.js';

type Finding = NonNullable<Emergency['review']>['finding'];

/** Says whether somebody else’s emergency access was justified; once. */
export function JudgeEmergency({ id, principal }: Emergency) {
  const judge = useCommand(breakGlass.reviewBreakGlass, [breakGlass.listBreakGlass]);
  const [opened, { open, close }] = useDisclosure(false, { onOpen: judge.reset });
  const [finding, setFinding] = useState<Finding>('justified');
  const [note, setNote] = useState('');
  const submit = (): void => {
    judge.mutate({ id, finding, note }, { onSuccess: close });
  };
  return (
    <>
      <Button size="compact-xs" variant="default" onClick={open} aria-label={`Judge the access of ${principal.name}`}>
        Judge…
      </Button>
      <Modal opened={opened} onClose={close} title={`Was the access of ${principal.name} justified?`}>
        <CommandForm onSubmit={submit} error={judge.error} isPending={judge.isPending} send="Put it on record">
          <SegmentedControl
            aria-label="Finding"
            data={[
              { value: 'justified', label: 'Justified' },
              { value: 'unjustified', label: 'Not justified' },
            ]}
            value={finding}
            onChange={setFinding}
          />
          <TextInput
            label="Note"
            description="What you looked at. It cannot be changed afterwards."
            required
            maxLength={1_000}
            data-autofocus
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
        </CommandForm>
      </Modal>
    </>
  );
}
