import { NativeSelect, TextInput, Textarea } from '@mantine/core';
import { isOfManyTenants, vendorNames, type FieldsProps, type Vendor } from './provider-settings.js';

interface Preset {
  /** What its issuers look like; with `issuer` there is one only. */
  readonly like: string;
  readonly issuer?: string;
  /** Where it usually says what groups somebody is in. */
  readonly groups?: string;
}

const presets: Readonly<Record<Vendor | '', Preset>> = {
  '': { like: 'https://login.example.com', groups: 'groups' },
  auth0: { like: 'https://TENANT.auth0.com/', groups: 'https://example.com/groups' },
  entra: { like: 'https://login.microsoftonline.com/TENANT-ID/v2.0', groups: 'groups' },
  google: { like: 'https://accounts.google.com', issuer: 'https://accounts.google.com' },
  keycloak: { like: 'https://HOST/realms/REALM', groups: 'realm_access.roles' },
  okta: { like: 'https://ORG.okta.com', groups: 'groups' },
};

/** Whose provider it is, and what its issuer is called. */
export function IssuerFields({ fields, set, isKept = false }: FieldsProps) {
  const { like } = presets[fields.vendor];
  return (
    <>
      <NativeSelect
        label="Provider"
        data={Object.entries({ '': 'Another', ...vendorNames }).map(([value, label]) => ({ value, label }))}
        value={fields.vendor}
        onChange={(event) => {
          const vendor = event.currentTarget.value as Vendor | '';
          set({ vendor, ...(presets[vendor].issuer && !isKept ? { issuer: presets[vendor].issuer } : {}) });
        }}
      />
      <TextInput
        label="Issuer"
        {...(isKept
          ? { variant: 'unstyled', description: 'Another issuer is another provider: connect that one.' }
          : {})}
        readOnly={isKept}
        placeholder={like}
        type="url"
        required
        value={fields.issuer}
        onChange={(event) => set({ issuer: event.currentTarget.value })}
      />
      {isOfManyTenants(fields) && (
        <TextInput
          label="Tenants"
          description="Ids of the Entra tenants whose people may come in; nobody else’s do."
          required
          value={fields.entraTenants}
          onChange={(event) => set({ entraTenants: event.currentTarget.value })}
        />
      )}
      {fields.vendor === 'google' && (
        <TextInput
          label="Workspace domains"
          description="Only people of these Google Workspaces come in. Leave it empty to take any Google account that is linked."
          placeholder="example.com"
          value={fields.hostedDomains}
          onChange={(event) => set({ hostedDomains: event.currentTarget.value })}
        />
      )}
    </>
  );
}

/** What groups the provider tells of, and what they are here. */
export function GroupFields({ fields, set }: FieldsProps) {
  const isSaml = fields.kind === 'saml';
  const groups = isSaml ? 'memberOf' : presets[fields.vendor].groups;
  if (groups === undefined) return null;
  return (
    <>
      <TextInput
        label={isSaml ? 'Attribute with groups' : 'Claim with groups'}
        description="Leave it empty to ask for no groups."
        placeholder={groups}
        value={fields.groupsClaim}
        onChange={(event) => set({ groupsClaim: event.currentTarget.value })}
      />
      {fields.groupsClaim !== '' && <WhatGroupsAre fields={fields} set={set} />}
    </>
  );
}

function WhatGroupsAre({ fields, set }: FieldsProps) {
  return (
    <>
      {fields.kind === 'oidc' && (
        <TextInput
          label="Scope for groups"
          description="Where the provider tells of them only when asked."
          placeholder="groups"
          value={fields.groupsScope}
          onChange={(event) => set({ groupsScope: event.currentTarget.value })}
        />
      )}
      <Textarea
        label="Only people of these groups"
        description="One a line, as the provider calls them. Leave it empty to let in people of any group and of none."
        autosize
        value={fields.groupsAllowed}
        onChange={(event) => set({ groupsAllowed: event.currentTarget.value })}
      />
      {fields.admits === 'anybody' && (
        <Textarea
          label="Roles by group"
          description="One a line. The widest counts; who is in none of them gets the role above."
          placeholder="engineering = developer"
          autosize
          value={fields.groupRoles}
          onChange={(event) => set({ groupRoles: event.currentTarget.value })}
        />
      )}
    </>
  );
}
