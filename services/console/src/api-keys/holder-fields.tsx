import { auth } from '@conclave/contracts';
import { NativeSelect, SimpleGrid, TextInput } from '@mantine/core';
import { usePages } from '../api/queries.js';
import { RoleSelect } from '../members/change-role.js';
import { useMay, useMe } from '../sign-in/use-me.js';

/** Who is made along with its key. */
type Program = 'service-account' | 'agent';

/** Whose a key will be. */
export type Holder =
  | { readonly kind: 'self' }
  | { readonly kind: 'member'; readonly id: string; readonly name: string; readonly role: string }
  | { readonly kind: 'new'; readonly of: Program; readonly name: string; readonly role: string };

interface HolderFieldsProps {
  readonly value: Holder;
  readonly onChange: (holder: Holder) => void;
}

/** Chooses whose a key will be, for whoever may choose. */
export function HolderFields(props: HolderFieldsProps) {
  const may = useMay();
  return may('member:manage') && may('member:read') ? <Choice {...props} /> : null;
}

const SELF = 'self';
const programs: Readonly<Record<Program, { readonly label: string; readonly placeholder: string }>> = {
  'service-account': { label: 'Service account', placeholder: 'deploy-bot' },
  agent: { label: 'Agent', placeholder: 'triage' },
};
const isProgram = (chosen: string): chosen is Program => chosen in programs;

function Choice({ value, onChange }: HolderFieldsProps) {
  const me = useMe().data;
  const { items = [] } = usePages(auth.listMembers, { limit: 100 });
  // Keys of other people are the owners' to make.
  const others = items.filter(
    ({ principal, disabledAt }) =>
      disabledAt === undefined &&
      principal.id !== me?.principal.id &&
      (principal.kind !== 'user' || me?.owner === true),
  );
  const known = others.map(({ principal: { id, name }, role }) => ({ kind: 'member' as const, id, name, role }));
  const made = value.kind === 'member' && !known.some(({ id }) => id === value.id) ? [value] : [];
  const choose = (chosen: string): void => {
    if (chosen === SELF) onChange({ kind: 'self' });
    else if (isProgram(chosen)) onChange({ kind: 'new', of: chosen, name: '', role: 'developer' });
    else onChange([...made, ...known].find(({ id }) => id === chosen) ?? value);
  };
  return (
    <>
      <NativeSelect
        label="Whose key"
        description="A program gets a service account of its own, an agent is a member by itself: their keys outlive whoever made them."
        data={[
          { value: SELF, label: `Yours, ${me?.principal.name ?? ''}` },
          { value: 'service-account', label: 'A new service account' },
          { value: 'agent', label: 'A new agent' },
          ...[...made, ...known].map(({ id, name, role }) => ({ value: id, label: `${name} (${role})` })),
        ]}
        value={value.kind === 'self' ? SELF : value.kind === 'member' ? value.id : value.of}
        onChange={(event) => choose(event.currentTarget.value)}
      />
      {value.kind === 'new' && (
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <TextInput
            {...programs[value.of]}
            description="It becomes a member of this workspace."
            required
            maxLength={120}
            value={value.name}
            onChange={(event) => onChange({ ...value, name: event.currentTarget.value })}
          />
          <RoleSelect value={value.role} onChange={(role) => onChange({ ...value, role })} />
        </SimpleGrid>
      )}
    </>
  );
}
