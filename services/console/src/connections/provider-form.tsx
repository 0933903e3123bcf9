import { connections } from '@conclave/contracts';
import { Button, Checkbox, PasswordInput, Radio, SegmentedControl, Stack, TextInput, Textarea } from '@mantine/core';
import { useState } from 'react';
import { send, useWork } from '../api/queries.js';
import { CommandForm } from '../design/command-form.js';
import { NameField } from '../design/name-field.js';
import { RoleSelect } from '../members/change-role.js';
import type { Connection } from './addresses-of.js';
import { Checks } from './checks.js';
import { GroupFields, IssuerFields } from './open-id-fields.js';
import {
  blank,
  changesSettings,
  fieldsOf,
  settingsOf,
  type Fields,
  type FieldsProps,
  type Given,
} from './provider-settings.js';

interface ProviderFormProps {
  /** The connection that is changed; without it one is made. */
  readonly before?: Connection;
  readonly onSubmit: (fields: Fields) => void;
  readonly isPending: boolean;
  readonly error: unknown;
}

/** All that is said of a provider, and a try of it; after a try that failed it takes a second yes. */
export function ProviderForm({ before, onSubmit, isPending, error }: ProviderFormProps) {
  const [fields, setFields] = useState(() => (before ? fieldsOf(before) : blank));
  const [isAsked, setAsked] = useState(false);
  const trial = useWork((settings: Given['settings']) => send(connections.testConnection, { settings }), []);
  const settings = settingsOf(fields, before?.settings);
  const tried = JSON.stringify(trial.variables) === JSON.stringify(settings) ? trial.data : undefined;
  const set = (change: Partial<Fields>): void => {
    setFields((now) => ({ ...now, ...change }));
    setAsked(false);
  };
  const submit = (): void => {
    if (tried?.ok === false && !isAsked) setAsked(true);
    else onSubmit(fields);
  };
  const secretIsKept = before !== undefined && !changesSettings(fields, before);
  const word = before ? 'Save' : 'Connect';
  const props = { fields, set, isKept: before !== undefined };
  return (
    <CommandForm
      onSubmit={submit}
      error={error ?? trial.error}
      isPending={isPending}
      send={isAsked ? `${word} all the same` : word}
      beside={
        <Button variant="default" loading={trial.isPending} onClick={() => trial.mutate(settings)}>
          Test
        </Button>
      }
    >
      {!before && <Kind {...props} />}
      <NameField description="Shown to people who sign in." value={fields.name} onName={(name) => set({ name })} />
      {fields.kind === 'saml' ? <SamlFields {...props} /> : <ClientFields {...props} secretIsKept={secretIsKept} />}
      {fields.kind !== 'github' && <OwnMfa {...props} />}
      <People {...props} />
      {fields.kind !== 'github' && <GroupFields {...props} />}
      {tried && <Checks checks={tried.checks} asks={isAsked} />}
    </CommandForm>
  );
}

function Kind({ fields, set }: FieldsProps) {
  return (
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
  );
}

function SamlFields({ fields, set, isKept = false }: FieldsProps) {
  return (
    <>
      <Textarea
        label="Metadata of the provider"
        description={
          isKept
            ? 'The XML it publishes, to take its addresses and certificates from anew. Leave it empty to keep them.'
            : 'The XML it publishes: its name, its addresses and the certificates it signs with.'
        }
        required={!isKept}
        autosize
        minRows={4}
        maxRows={8}
        spellCheck={false}
        value={fields.metadata}
        onChange={(event) => set({ metadata: event.currentTarget.value })}
      />
      {isKept && fields.metadata.trim() === '' && (
        <Textarea
          label="Certificates"
          description="PEM, of each key it signs with: while one replaces another, both."
          required
          autosize
          minRows={4}
          maxRows={8}
          spellCheck={false}
          value={fields.certificates}
          onChange={(event) => set({ certificates: event.currentTarget.value })}
        />
      )}
      <Textarea
        label="Certificate of who signs the metadata"
        description="PEM. With it only metadata that its key signed are taken; leave it empty where nobody signs them."
        autosize
        minRows={2}
        maxRows={8}
        spellCheck={false}
        value={fields.metadataCertificate}
        onChange={(event) => set({ metadataCertificate: event.currentTarget.value })}
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

interface ClientFieldsProps extends FieldsProps {
  /** The secret stays when none is given. */
  readonly secretIsKept: boolean;
}

function ClientFields({ secretIsKept, ...props }: ClientFieldsProps) {
  const { fields, set, isKept = false } = props;
  return (
    <>
      {fields.kind === 'oidc' && <IssuerFields {...props} />}
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
          {...(isKept ? { description: 'Leave it empty to keep it. It is given again when its client changes.' } : {})}
          required={!secretIsKept}
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
