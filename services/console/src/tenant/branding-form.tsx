import { tenants, type ReplyOf } from '@conclave/contracts';
import { Button, ColorInput, FileInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useWork, send } from '../api/queries.js';
import { Panel } from '../design/panel.js';
import { Branded } from '../sign-in/branded.js';
import { CommandForm } from '../design/command-form.js';

const base64Of = async (file: File): Promise<string> => {
  const bytes = new Uint8Array(await file.arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCodePoint(byte)).join(''));
};

/** How the tenant shows itself where its people sign in. */
export function BrandingForm({ branding }: ReplyOf<typeof tenants.getOwnTenant>) {
  const [displayName, setDisplayName] = useState(branding.displayName ?? '');
  const [accent, setAccent] = useState(branding.accent ?? '');
  const [picture, setPicture] = useState<File | null>(null);
  const change = useWork(
    async (remove: boolean) =>
      send(tenants.changeOwnTenant, {
        displayName: displayName.trim() || null,
        accent: accent || null,
        ...(picture ? { logo: await base64Of(picture) } : remove ? { logo: null } : {}),
      }),
    [tenants.getOwnTenant],
  );
  const submit = (): void => {
    change.mutate(false, { onSuccess: () => setPicture(null) });
  };
  return (
    <Panel title="At the door" note="Seen by whoever opens an invitation or looks for the tenant’s sign-in.">
      <CommandForm
        onSubmit={submit}
        error={change.error}
        isPending={change.isPending}
        send="Save"
        beside={
          branding.logo !== undefined && (
            <Button variant="default" onClick={() => change.mutate(true)}>
              Remove the logo
            </Button>
          )
        }
      >
        <Branded {...branding} />
        <TextInput
          label="Display name"
          maxLength={120}
          value={displayName}
          onChange={(event) => setDisplayName(event.currentTarget.value)}
        />
        <ColorInput
          label="Accent"
          description="White text has to be readable on it."
          format="hex"
          placeholder="That of Conclave"
          eyeDropperButtonProps={{ 'aria-label': 'Pick a colour from the screen' }}
          value={accent}
          onChange={setAccent}
        />
        <FileInput
          label="Logo"
          description="A PNG of at most 32 KiB and 512 by 512 pixels."
          accept="image/png"
          clearable
          placeholder="Choose a picture"
          clearButtonProps={{ 'aria-label': 'Take no picture' }}
          value={picture}
          onChange={setPicture}
        />
      </CommandForm>
    </Panel>
  );
}
