import { accessReviews, type RequestInputOf } from '@conclave/contracts';
import { Button, Modal, NativeSelect, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { useCommand } from '../api/queries.js';
import { CommandForm } from '../design/command-form.js';
import { NameField } from '../design/name-field.js';
import { Icon } from '../design/icon.js';
import { navigate } from '../routing/router.js';

const DAY_MS = 86_400_000;
const dayIn = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);

/** Begins a review: it takes down who is in right now. */
export function BeginReview() {
  const begin = useCommand(accessReviews.createAccessReview, [accessReviews.listAccessReviews]);
  const [opened, { open, close }] = useDisclosure(false, { onOpen: begin.reset });
  const [name, setName] = useState('');
  const [due, setDue] = useState(() => dayIn(14));
  const [undecided, setUndecided] =
    useState<RequestInputOf<typeof accessReviews.createAccessReview>['undecided']>('keep');
  const submit = (): void => {
    // The whole of the day that was chosen, where the reader is.
    const dueAt = new Date(`${due}T23:59:59`).toISOString();
    begin.mutate({ name, dueAt, undecided }, { onSuccess: ({ id }) => navigate(`/access-reviews/${id}`) });
  };
  return (
    <>
      <Button onClick={open} leftSection={<Icon name="plus" />}>
        Begin a review
      </Button>
      <Modal opened={opened} onClose={close} title="Begin a review">
        <CommandForm onSubmit={submit} error={begin.error} isPending={begin.isPending} send="Begin">
          <NameField placeholder="Third quarter" value={name} onName={setName} />
          <TextInput
            label="Due"
            description="It closes by itself at the end of this day, at most a year from now."
            type="date"
            required
            min={dayIn(0)}
            max={dayIn(365)}
            value={due}
            onChange={(event) => setDue(event.currentTarget.value)}
          />
          <NativeSelect
            label="What nobody decides about"
            data={[
              { value: 'keep', label: 'stays' },
              { value: 'revoke', label: 'ends' },
            ]}
            value={undecided ?? 'keep'}
            onChange={(event) => setUndecided(event.currentTarget.value === 'revoke' ? 'revoke' : 'keep')}
          />
        </CommandForm>
      </Modal>
    </>
  );
}
