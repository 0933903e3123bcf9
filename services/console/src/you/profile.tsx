import { auth } from '@conclave/contracts';
import { Select, TextInput, useMantineColorScheme, type MantineColorScheme } from '@mantine/core';
import { useState } from 'react';
import { useCommand } from '../api/queries.js';
import { Panel } from '../design/panel.js';
import type { Me } from '../sign-in/use-me.js';
import { CommandForm } from '../design/command-form.js';

const zones = Intl.supportedValuesOf('timeZone');
const themes = [
  { value: 'auto', label: 'As the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
];

/** What the signed-in person is called, and how they like what they see. */
export function Profile({ me }: { readonly me: Me }) {
  const change = useCommand(auth.changeMe, [auth.getMe, auth.listMembers]);
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [name, setName] = useState(me.principal.name);
  const [timeZone, setTimeZone] = useState<string | null>(me.preferences?.timeZone ?? null);
  const [locale, setLocale] = useState(me.preferences?.locale ?? '');
  const [theme, setTheme] = useState<string>(me.preferences?.theme ?? colorScheme);
  const submit = (): void => {
    const chosen = theme as MantineColorScheme;
    const wanted = {
      ...{ name: name.trim(), theme: chosen },
      ...(timeZone === null ? {} : { timeZone }),
      ...(locale.trim() === '' ? {} : { locale: locale.trim() }),
    };
    change.mutate(wanted, { onSuccess: () => setColorScheme(chosen) });
  };
  return (
    <Panel title="Profile" note="Others in the tenant see your name.">
      <CommandForm
        onSubmit={submit}
        error={change.error}
        isPending={change.isPending}
        send={change.isSuccess ? 'Saved' : 'Save'}
      >
        <TextInput
          label="Name"
          required
          maxLength={120}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Select
          label="Time zone"
          description="Times are shown in it."
          data={zones}
          searchable
          clearable
          clearButtonProps={{ 'aria-label': 'As the device' }}
          placeholder="As the device"
          value={timeZone}
          onChange={setTimeZone}
        />
        <TextInput
          label="Language"
          description="A tag like pt-BR, for clients that speak several."
          placeholder="en"
          maxLength={35}
          value={locale}
          onChange={(event) => setLocale(event.currentTarget.value)}
        />
        <Select
          label="Appearance"
          data={themes}
          allowDeselect={false}
          value={theme}
          onChange={(to) => to && setTheme(to)}
        />
      </CommandForm>
    </Panel>
  );
}
