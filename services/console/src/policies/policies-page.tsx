import { policies, type ReplyOf } from '@conclave/contracts';
import { Button, Code, Group, Modal, Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { ask, useCommand, usePages } from '../api/queries.js';
import { Confirm } from '../design/confirm.js';
import { ListOf } from '../design/list-of.js';
import { Ago } from '../design/moment.js';
import { NothingHere } from '../design/nothing-here.js';
import { Page, Waiting } from '../design/page.js';
import { Refusal } from '../design/refusal.js';
import rows from '../design/rows.module.css';
import { Visible } from '../design/visible.js';
import { useNameOf } from '../members/use-name-of.js';
import { useMay } from '../sign-in/use-me.js';
import { NewPolicy, OpenPolicy } from './edit-policy.js';

type Policy = ReplyOf<typeof policies.listPolicies>['items'][number];

/** What policies of the tenant forbid beyond what roles leave out. */
export function PoliciesPage() {
  const manages = useMay()('policy:manage');
  const list = usePages(policies.listPolicies, {});
  return (
    <Page
      title="Policies"
      description="Roles say what is permitted; policies, in the language Cedar, forbid some of it, in every workspace and from the next request on."
      actions={
        <Group gap="xs">
          <Schema />
          {manages && <NewPolicy />}
        </Group>
      }
    >
      <ListOf
        list={list}
        empty={
          <NothingHere icon="gate" title="No policies yet">
            Whatever a role permits is permitted. A policy makes exceptions, such as no runs of one kind.
          </NothingHere>
        }
      >
        {(items) => (
          <Table className={rows['rows'] ?? ''}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Policy</Table.Th>
                <Table.Th>Version</Table.Th>
                <Table.Th>Written by</Table.Th>
                <Table.Th className={rows['number'] ?? ''}>Written</Table.Th>
                <Table.Th aria-label="Actions" />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {items.map((policy) => (
                <Row key={policy.id} policy={policy} manages={manages} />
              ))}
            </Table.Tbody>
          </Table>
        )}
      </ListOf>
    </Page>
  );
}

/** The Cedar schema: which actions there are, on what, and what requests say of it. */
function Schema() {
  const [opened, { open, close }] = useDisclosure(false);
  const schema = useQuery({ ...ask(policies.getPolicySchema, {}), enabled: opened });
  return (
    <>
      <Button variant="default" onClick={open}>
        What they can speak of
      </Button>
      <Modal opened={opened} onClose={close} title="What policies can speak of" size="xl">
        {schema.error && <Refusal error={schema.error} />}
        {!schema.data && !schema.error && <Waiting rows={3} />}
        {schema.data !== undefined && <Code block>{schema.data}</Code>}
      </Modal>
    </>
  );
}

function Row({ policy, manages }: { readonly policy: Policy; readonly manages: boolean }) {
  const { id, version, createdAt, createdBy } = policy;
  const nameOf = useNameOf();
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={550}>
          {id}
        </Text>
      </Table.Td>
      <Table.Td data-label="Version">{version}</Table.Td>
      <Table.Td data-label="By">
        <Visible text={nameOf(createdBy)} />
      </Table.Td>
      <Table.Td className={`${rows['quiet']} ${rows['number']}`} data-label="Written">
        <Ago at={createdAt} />
      </Table.Td>
      <Table.Td>
        <Button.Group>
          <OpenPolicy id={id} version={version} manages={manages} />
          {manages && <Delete id={id} />}
        </Button.Group>
      </Table.Td>
    </Table.Tr>
  );
}

function Delete({ id }: { readonly id: string }) {
  const remove = useCommand(policies.deletePolicy, [policies.listPolicies]);
  return (
    <Confirm
      question={`Delete ${id}?`}
      yes="Delete"
      command={remove}
      request={{ id }}
      opener={(open) => (
        <Button size="compact-xs" variant="default" onClick={open} aria-label={`Delete ${id}`}>
          Delete…
        </Button>
      )}
    >
      What it forbids is what roles say again, from the next request on.
    </Confirm>
  );
}
