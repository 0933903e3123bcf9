import { auth } from '@conclave/contracts';
import { NativeSelect, SimpleGrid, TextInput } from '@mantine/core';
import { usePages } from '../api/queries.js';
import { RoleSelect } from '../members/change-role.js';
import { useMay, useMe } from '../sign-in/use-me.js';

/** Whose a key will be. */
export type Holder =
  | { readonly kind: 'self' }
  | { readonly kind: 'member'; readonly id: string; readonly name: string; readonly role: string }
  | { readonly kind: 'new-service-account'; readonly name: string; readonly role: string };

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
const NEW = 'new';

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
    else if (chosen === NEW) onChange({ kind: 'new-service-account', name: '', role: 'developer' });
    else onChange([...made, ...known].find(({ id }) => id === chosen) ?? value);
  };
  return (
    <>
      <NativeSelect
        label="Whose key"
        description="A program gets a service account of its own: its key outlives whoever made it."
        data={[
          { value: SELF, label: `Yours, ${me?.principal.name ?? ''}` },
          { value: NEW, label: 'A new service account' },
          ...[...made, ...known].map(({ id, name, role }) => ({ value: id, label: `${name} (${role})` })),
        ]}
        value={value.kind === 'self' ? SELF : value.kind === 'member' ? value.id : NEW}
        onChange={(event) => choose(event.currentTarget.value)}
      />
      {value.kind === 'new-service-account' && (
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <TextInput
            label="Service account"
            description="It becomes a member of this workspace."
            placeholder="deploy-bot"
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
