import { connections } from '@conclave/contracts';
import {
  Button,
  Checkbox,
  Group,
  Modal,
  PasswordInput,
  Radio,
  SegmentedControl,
  Stack,
  TextInput,
  Textarea,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { send, useCommand, useWork } from '../api/queries.js';
import { Icon } from '../design/icon.js';
import { RoleSelect } from '../members/change-role.js';
import { useMe } from '../sign-in/use-me.js';
import { Addresses } from './addresses-of.js';
import { Checks } from './checks.js';
import { CommandForm } from '../design/command-form.js';
import { NameField } from '../design/name-field.js';
import { GroupFields, IssuerFields } from './open-id-fields.js';
import { blank, requestOf, settingsOf, type Fields, type FieldsProps, type Given } from './provider-settings.js';

/** Connects a provider: its settings, a try of them, and then what it has to be told of us. */
export function ConnectProvider() {
  const create = useCommand(connections.createConnection, [connections.listConnections]);
  const [opened, { open, close }] = useDisclosure(false, { onOpen: create.reset });
  return (
    <>
      <Button onClick={open} leftSection={<Icon name="plus" />}>
        Connect a provider
      </Button>
      <Modal opened={opened} onClose={close} title={create.data ? 'Tell the provider' : 'Connect a provider'} size="lg">
        {create.data ? (
          <Stack gap="md">
            <Addresses urls={create.data.urls} />
            <Group justify="flex-end">
              <Button onClick={close}>Done</Button>
            </Group>
          </Stack>
        ) : (
          <Settings onSubmit={create.mutate} isPending={create.isPending} error={create.error} />
        )}
      </Modal>
    </>
  );
}

interface SettingsProps {
  readonly onSubmit: (request: Given) => void;
  readonly isPending: boolean;
  readonly error: unknown;
}

function Settings({ onSubmit, isPending, error }: SettingsProps) {
  const [fields, setFields] = useState(blank);
  const me = useMe();
  const trial = useWork((settings: Given['settings']) => send(connections.testConnection, { settings }), []);
  const set = (change: Partial<Fields>): void => setFields((now) => ({ ...now, ...change }));
  const submit = (): void => onSubmit(requestOf(fields, me.data?.workspace.id ?? ''));
  return (
    <CommandForm
      onSubmit={submit}
      error={error ?? trial.error}
      isPending={isPending}
      send="Connect"
      beside={
        <Button variant="default" loading={trial.isPending} onClick={() => trial.mutate(settingsOf(fields))}>
          Test
        </Button>
      }
    >
      <SegmentedControl
        aria-label="Kind"
        data={[
          { value: 'saml', label: 'SAML' },
          { value: 'oidc', label: 'OpenID Connect' },
          { value: 'github', label: 'GitHub' },
        ]}
        value={fields.kind}
        onChange={(kind) => set({ kind: kind })}
      />
      <NameField description="Shown to people who sign in." value={fields.name} onName={(name) => set({ name })} />
      {fields.kind === 'saml' ? <SamlFields fields={fields} set={set} /> : <ClientFields fields={fields} set={set} />}
      {fields.kind !== 'github' && <OwnMfa fields={fields} set={set} />}
      <People fields={fields} set={set} />
      {fields.kind === 'oidc' && <GroupFields fields={fields} set={set} />}
      {trial.data && <Checks checks={trial.data.checks} />}
    </CommandForm>
  );
}

function SamlFields({ fields, set }: FieldsProps) {
  return (
    <>
      <Textarea
        label="Metadata of the provider"
        description="The XML it publishes: its name, its addresses and the certificates it signs with."
        required
        autosize
        minRows={4}
        maxRows={8}
        spellCheck={false}
        value={fields.metadata}
        onChange={(event) => set({ metadata: event.currentTarget.value })}
      />
      <TextInput
        label="Attribute with the e-mail address"
        placeholder="mail"
        value={fields.emailAttribute}
        onChange={(event) => set({ emailAttribute: event.currentTarget.value })}
      />
    </>
  );
}

function ClientFields({ fields, set }: FieldsProps) {
  return (
    <>
      {fields.kind === 'oidc' && <IssuerFields fields={fields} set={set} />}
      <TextInput
        label="Client id"
        required
        value={fields.clientId}
        onChange={(event) => set({ clientId: event.currentTarget.value })}
      />
      {fields.kind === 'oidc' && (
        <Checkbox
          label="The client proves itself by a key, not by a secret"
          description="The key is made here (private_key_jwt); the provider is given the address of its public half."
          checked={fields.byKey}
          onChange={(event) => set({ byKey: event.currentTarget.checked })}
        />
      )}
      {!(fields.kind === 'oidc' && fields.byKey) && (
        <PasswordInput
          label="Client secret"
          required
          autoComplete="off"
          value={fields.clientSecret}
          onChange={(event) => set({ clientSecret: event.currentTarget.value })}
        />
      )}
      {fields.kind === 'oidc' && (
        <Checkbox
          label="Signing out here signs out at the provider, too"
          checked={fields.singleLogout}
          onChange={(event) => set({ singleLogout: event.currentTarget.checked })}
        />
      )}
    </>
  );
}

/** By which words the provider is believed that it asked for a second factor itself. */
function OwnMfa({ fields, set }: FieldsProps) {
  const [label, placeholder] =
    fields.kind === 'saml'
      ? ['Authentication contexts that are two factors', 'https://refeds.org/profile/mfa']
      : ['Values of amr that are two factors', 'mfa, hwk'];
  return (
    <TextInput
      label={label}
      description="Who signed in so at the provider is not asked again here. Leave it empty to ask everybody."
      placeholder={placeholder}
      value={fields.mfa}
      onChange={(event) => set({ mfa: event.currentTarget.value })}
    />
  );
}

function People({ fields, set }: FieldsProps) {
  return (
    <>
      <TextInput
        label="E-mail domains"
        description="Whose addresses the provider is believed about."
        placeholder="example.com, example.org"
        required={fields.admits === 'anybody'}
        value={fields.domains}
        onChange={(event) => set({ domains: event.currentTarget.value })}
      />
      <Radio.Group label="Who is let in" value={fields.admits} onChange={(admits) => set({ admits: admits })}>
        <Stack gap="xs" mt="xs">
          <Radio value="linked" label="Members who are linked to it" />
          <Radio value="directory" label="Whom your directory (SCIM) brought, by their login or external id" />
          <Radio value="anybody" label="Let in anybody of these domains, also who was not invited" />
        </Stack>
      </Radio.Group>
      {fields.admits === 'anybody' && <RoleSelect value={fields.role} onChange={(role) => set({ role })} />}
    </>
  );
}
