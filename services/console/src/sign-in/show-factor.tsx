import { Button, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { Icon } from '../design/icon.js';
import { Refused } from '../design/refusal.js';
import { showFactor, showPasskey } from './second-factors.js';

interface ShowFactorProps {
  /** Those the person has. */
  readonly factors: readonly string[];
  readonly onShown: () => void;
}

/** Asks for one of the person's second factors. */
export function ShowFactor({ factors, onShown }: ShowFactorProps) {
  const [onPaper, setOnPaper] = useState(!factors.includes('totp'));
  const passkey = useMutation({ mutationFn: showPasskey, onSuccess: onShown });
  const mayChoose = factors.includes('totp') && factors.includes('recovery-code');
  const hasCodes = factors.includes('totp') || factors.includes('recovery-code');
  return (
    <Stack gap="md">
      {factors.includes('passkey') && (
        <>
          <Button leftSection={<Icon name="passkey" />} loading={passkey.isPending} onClick={() => passkey.mutate()}>
            Use a passkey
          </Button>
          <Refused error={passkey.error} />
        </>
      )}
      {hasCodes && <CodeForm key={String(onPaper)} onPaper={onPaper} onShown={onShown} />}
      {mayChoose && (
        <Button variant="subtle" size="compact-sm" onClick={() => setOnPaper(!onPaper)}>
          {onPaper ? 'Use the authenticator app' : 'Use a recovery code'}
        </Button>
      )}
    </Stack>
  );
}

/** A code of the app, or one that was written down. */
function CodeForm({ onPaper, onShown }: { readonly onPaper: boolean; readonly onShown: () => void }) {
  const [code, setCode] = useState('');
  const show = useMutation({
    mutationFn: () => showFactor(onPaper ? { recoveryCode: code } : { totp: code }),
    onSuccess: onShown,
  });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    show.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <TextInput
          label={onPaper ? 'Recovery code' : 'Code'}
          description={
            onPaper ? 'One of those you wrote down; it is good once.' : 'Six digits, from your authenticator app.'
          }
          required
          autoFocus
          data-autofocus
          autoComplete="one-time-code"
          inputMode={onPaper ? 'text' : 'numeric'}
          maxLength={onPaper ? 40 : 20}
          spellCheck={false}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        <Refused error={show.error} />
        <Button type="submit" variant="default" loading={show.isPending}>
          Go on
        </Button>
      </Stack>
    </form>
  );
}
