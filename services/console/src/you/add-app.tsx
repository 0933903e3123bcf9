import { mfa } from '@conclave/contracts';
import { Button, Group, Modal, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { send, useWork } from '../api/queries.js';
import classes from '../design/copy.module.css';
import { Copy } from '../design/copy.js';
import { Icon } from '../design/icon.js';
import { Waiting } from '../design/page.js';
import { QrCode } from '../design/qr-code.js';
import { Refused } from '../design/refusal.js';
import { confirmApp } from '../sign-in/second-factors.js';
import { CodesOnce } from './codes-once.js';
import { CommandForm } from '../design/command-form.js';

interface AddAppProps {
  /** Whether there is one already, which the new one replaces. */
  readonly replaces?: boolean;
  readonly onDone?: () => void;
}

/** Adds an authenticator app: its secret to scan, a first code of it, and then the recovery codes. */
export function AddApp({ replaces = false, onDone }: AddAppProps) {
  const begin = useWork(() => send(mfa.beginTotp, {}), []);
  const confirm = useWork(confirmApp, [mfa.getFactors]);
  const [opened, { open, close }] = useDisclosure(false);
  const title = replaces ? 'Replace the authenticator app' : 'Add an authenticator app';
  const start = (): void => {
    confirm.reset();
    begin.mutate(undefined, { onSuccess: open });
  };
  const done = (): void => {
    close();
    onDone?.();
  };
  const codes = confirm.data ?? [];
  return (
    <>
      <Button
        variant={replaces ? 'default' : 'filled'}
        loading={begin.isPending}
        onClick={start}
        leftSection={<Icon name="plus" />}
      >
        {title}
      </Button>
      <Refused error={begin.error} />
      <Modal
        opened={opened}
        onClose={confirm.data ? done : close}
        title={codes.length > 0 ? 'Recovery codes' : title}
        size="lg"
      >
        {codes.length > 0 ? (
          <CodesOnce codes={codes} onKept={done} />
        ) : begin.data ? (
          <Scan
            {...begin.data}
            error={confirm.error}
            isPending={confirm.isPending}
            onCode={(code) =>
              confirm.mutate(code, {
                onSuccess: (first) => {
                  if (first.length === 0) done();
                },
              })
            }
          />
        ) : (
          <Waiting rows={2} />
        )}
      </Modal>
    </>
  );
}

interface ScanProps {
  readonly uri: string;
  readonly secret: string;
  readonly error: unknown;
  readonly isPending: boolean;
  readonly onCode: (code: string) => void;
}

function Scan({ uri, secret, error, isPending, onCode }: ScanProps) {
  const [code, setCode] = useState('');
  const submit = (): void => {
    onCode(code);
  };
  return (
    <CommandForm onSubmit={submit} error={error} isPending={isPending} send="Add it">
      <Text size="sm" c="dimmed">
        Scan this with an authenticator app, or type the secret into it. Then give the code it shows.
      </Text>
      <Group justify="center">
        <QrCode text={uri} label="QR code for an authenticator app" />
      </Group>
      <div className={classes['line']}>
        <code className={classes['secret']}>{secret}</code>
        <Copy value={secret} what="secret" />
      </div>
      <TextInput
        label="Code"
        description="Six digits, from the app."
        required
        data-autofocus
        autoComplete="one-time-code"
        inputMode="numeric"
        maxLength={20}
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
      />
    </CommandForm>
  );
}
