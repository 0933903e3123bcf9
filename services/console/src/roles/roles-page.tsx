import { tenantRoles } from '@conclave/contracts';
import { Button, Table, Text } from '@mantine/core';
import { useCommand, usePages } from '../api/queries.js';
import { Confirm } from '../design/confirm.js';
import { Fold } from '../design/fold.js';
import { ListOf } from '../design/list-of.js';
import { Page } from '../design/page.js';
import rows from '../design/rows.module.css';
import { useMay } from '../sign-in/use-me.js';
import { ChangeRolePermissions, CreateRole } from './edit-role.js';
import { PermissionWords } from './permission-words.js';
import type { TenantRole } from './use-roles.js';

/** What each role permits; owners make roles of the tenant's own. */
export function RolesPage() {
  const manages = useMay()('role:manage');
  const list = usePages(tenantRoles.listRoles, {});
  return (
    <Page
      title="Roles"
      description="What members may do. Owners of the tenant make roles of its own, good in every workspace."
      actions={manages && <CreateRole />}
    >
      <ListOf list={list} empty={null}>
        {(items) => (
          <Table className={rows['rows'] ?? ''}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Role</Table.Th>
                <Table.Th aria-label="Actions" />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {items.map((role) => (
                <Row key={role.name} role={role} manages={manages} />
              ))}
            </Table.Tbody>
          </Table>
        )}
      </ListOf>
    </Page>
  );
}

function Row({ role, manages }: { readonly role: TenantRole; readonly manages: boolean }) {
  const { name, permissions, builtIn } = role;
  const word = permissions.length === 1 ? '1 permission' : `${permissions.length} permissions`;
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={550}>
          {name}
        </Text>
        <Text size="xs" c="dimmed" mb={4}>
          {builtIn ? 'built in' : 'your own'}
        </Text>
        <Fold title={word}>
          <PermissionWords permissions={permissions} />
        </Fold>
      </Table.Td>
      <Table.Td>
        {manages && !builtIn && (
          <Button.Group>
            <ChangeRolePermissions {...role} />
            <Delete name={name} />
          </Button.Group>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function Delete({ name }: { readonly name: string }) {
  const remove = useCommand(tenantRoles.deleteRole, [tenantRoles.listRoles]);
  return (
    <Confirm
      question={`Delete ${name}?`}
      yes="Delete"
      command={remove}
      request={{ name }}
      opener={(open) => (
        <Button size="compact-xs" variant="default" onClick={open} aria-label={`Delete ${name}`}>
          Delete…
        </Button>
      )}
    >
      A role that somebody holds, or that a sign-in provider gives, cannot be deleted.
    </Confirm>
  );
}
