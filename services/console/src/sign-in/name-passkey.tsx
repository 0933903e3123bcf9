import { Button, Modal, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState, type ReactNode } from 'react';
import type { Contract } from '@conclave/contracts';
import { useWork } from '../api/queries.js';
import { Icon } from '../design/icon.js';
import { CommandForm } from '../design/command-form.js';
import { NameField } from '../design/name-field.js';

interface NamePasskeyProps {
  readonly title: string;
  /** About the name. */
  readonly description: string;
  readonly make: (name: string) => Promise<unknown>;
  /** The list that a new passkey is in. */
  readonly list: Contract;
  readonly onDone?: () => void;
  readonly children: ReactNode;
}

/** Asks what a passkey is to be called, and has it made on this device, or with one that is at hand. */
export function NamePasskey({ title, description, make, list, onDone, children }: NamePasskeyProps) {
  const [name, setName] = useState('');
  const work = useWork(make, [list]);
  const [opened, { open, close }] = useDisclosure(false, { onOpen: work.reset });
  const submit = (): void => {
    work.mutate(name, {
      onSuccess: () => {
        close();
        onDone?.();
      },
    });
  };
  return (
    <>
      <Button onClick={open} leftSection={<Icon name="plus" />}>
        {title}
      </Button>
      <Modal opened={opened} onClose={close} title={title}>
        <CommandForm onSubmit={submit} error={work.error} isPending={work.isPending} send="Make the passkey">
          <NameField description={description} placeholder="laptop" value={name} onName={setName} />
          <Text size="sm" c="dimmed">
            {children}
          </Text>
        </CommandForm>
      </Modal>
    </>
  );
}
