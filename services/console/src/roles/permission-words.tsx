import type { Permission } from '@conclave/contracts';
import { Checkbox, Group, Button, Stack } from '@mantine/core';
import { scopeWords } from '../programs/scope-words.js';
import { byArea } from './permission-areas.js';
import classes from './permissions.module.css';
import { useRoles } from './use-roles.js';

/** What is permitted, in words, by what it is about. */
export function PermissionWords({ permissions }: { readonly permissions: readonly Permission[] }) {
  return (
    <div className={classes['areas']}>
      {byArea(permissions).map((area) => (
        <section key={area.title}>
          <h3>{area.title}</h3>
          <ul>
            {area.permissions.map((permission) => (
              <li key={permission}>{scopeWords[permission]}</li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

interface PickPermissionsProps {
  /** What there is to choose from. */
  readonly from: readonly Permission[];
  readonly value: readonly Permission[];
  readonly onChange: (value: Permission[]) => void;
}

/** Chooses permissions, one by one or all that a role has. */
export function PickPermissions({ from, value, onChange }: PickPermissionsProps) {
  const roles = useRoles();
  return (
    <Checkbox.Group label="Permissions" required value={[...value]} onChange={(next) => onChange(next)}>
      <Group gap={6} mt={6} mb="xs">
        {roles.map(({ name, permissions }) => (
          <Button
            key={name}
            size="compact-xs"
            variant="default"
            onClick={() => onChange(permissions.filter((one) => from.includes(one)))}
          >
            as {name}
          </Button>
        ))}
      </Group>
      <div className={classes['picked']}>
        {byArea(from).map((area) => (
          <fieldset key={area.title} className={classes['area']}>
            <legend>{area.title}</legend>
            <Stack gap={6}>
              {area.permissions.map((permission) => (
                <Checkbox
                  key={permission}
                  size="xs"
                  value={permission}
                  label={scopeWords[permission]}
                  description={<code>{permission}</code>}
                />
              ))}
            </Stack>
          </fieldset>
        ))}
      </div>
    </Checkbox.Group>
  );
}
