import { accessReviews } from '@conclave/contracts';
import { Button, Modal, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { send, useWork } from '../api/queries.js';
import { CommandForm } from '../design/command-form.js';
import { titleOf, type Access } from './access.js';

interface DecideProps {
  readonly review: string;
  readonly accesses: readonly Access[];
  readonly decision: 'keep' | 'revoke';
  readonly size: 'compact-xs' | 'compact-sm';
  readonly onDone?: () => void;
}

const words = { keep: 'Keep', revoke: 'Revoke' } as const;

/** Says of one access, or of several for one reason, whether it stays. */
export function Decide({ review, accesses, decision, size, onDone }: DecideProps) {
  const [reason, setReason] = useState('');
  const decide = useWork(async () => {
    for (const { subject } of accesses)
      await send(accessReviews.decideAccess, { id: review, subject, decision, reason });
  }, [accessReviews.listAccessReviewItems, accessReviews.getAccessReview, accessReviews.listAccessReviews]);
  const [opened, { open, close }] = useDisclosure(false, { onOpen: decide.reset });
  const word = words[decision];
  const [first] = accesses;
  const what = accesses.length === 1 && first ? titleOf(first) : `${accesses.length} accesses`;
  const submit = (): void => {
    decide.mutate(undefined, {
      onSuccess: () => {
        close();
        setReason('');
        onDone?.();
      },
    });
  };
  return (
    <>
      <Button
        size={size}
        variant="default"
        disabled={accesses.length === 0}
        onClick={open}
        aria-label={accesses.length === 0 ? `${word} the chosen` : `${word} ${what}`}
      >
        {size === 'compact-sm' && accesses.length > 0 ? `${word} ${accesses.length}…` : `${word}…`}
      </Button>
      <Modal opened={opened} onClose={close} title={`${word} ${what}?`}>
        <CommandForm onSubmit={submit} error={decide.error} isPending={decide.isPending} send={word}>
          <Text size="sm" c="dimmed">
            {decision === 'keep'
              ? 'It stays as it is when the review is closed.'
              : 'It ends when the review is closed: a member with their keys and sign-ins.'}{' '}
            Until then you can decide otherwise.
          </Text>
          <TextInput
            label="Reason"
            description="For the audit log."
            required
            maxLength={500}
            data-autofocus
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        </CommandForm>
      </Modal>
    </>
  );
}
