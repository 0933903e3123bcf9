import { mailDomains, type ReplyOf } from '@conclave/contracts';
import { Button, Group, Modal, Stack, Table, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { useCommand, usePages } from '../api/queries.js';
import { Confirm } from '../design/confirm.js';
import { Copy } from '../design/copy.js';
import classes from '../design/copy.module.css';
import { ListOf } from '../design/list-of.js';
import { NothingHere } from '../design/nothing-here.js';
import { Refused } from '../design/refusal.js';
import rows from '../design/rows.module.css';
import { Tag } from '../design/tag.js';
import type { Look } from '../design/tones.js';
import { CommandForm } from '../design/command-form.js';

type MailDomain = ReplyOf<typeof mailDomains.claimMailDomain>;

const touches = [mailDomains.listMailDomains];
const looks: Readonly<Record<MailDomain['state'], Look>> = {
  waiting: { tone: 'warn', icon: 'dash', word: 'Not proven' },
  proven: { tone: 'good', icon: 'check', word: 'Proven' },
  failing: { tone: 'bad', icon: 'cross', word: 'Record is gone' },
};

/** Domains whose addresses lead people to the providers. */
export function MailDomains() {
  const list = usePages(mailDomains.listMailDomains, {});
  return (
    <ListOf
      list={list}
      title="Mail domains"
      aside={<Claim />}
      empty={
        <NothingHere icon="door" title="No mail domains yet">
          Once you have proven that a domain is yours, people who type an address of it at the sign-in page are led to
          your providers.
        </NothingHere>
      }
    >
      {(items) => (
        <Table className={rows['rows'] ?? ''}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Domain</Table.Th>
              <Table.Th>State</Table.Th>
              <Table.Th aria-label="Actions" />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.map((domain) => (
              <Row key={domain.id} {...domain} />
            ))}
          </Table.Tbody>
        </Table>
      )}
    </ListOf>
  );
}

function Row({ id, domain, state, record }: MailDomain) {
  const check = useCommand(mailDomains.checkMailDomain, touches);
  const release = useCommand(mailDomains.releaseMailDomain, touches);
  const missing = check.data?.state === 'waiting';
  return (
    <Table.Tr>
      <Table.Td>
        {domain}
        {state !== 'proven' && <Record record={record} />}
        {missing && <Text size="xs">The record was not found. The DNS can take a while.</Text>}
        <Refused error={check.error} />
      </Table.Td>
      <Table.Td>
        <Tag look={looks[state]} />
      </Table.Td>
      <Table.Td>
        <Group gap="xs" justify="flex-end" wrap="nowrap">
          <Button
            size="compact-xs"
            variant="default"
            loading={check.isPending}
            onClick={() => check.mutate({ id })}
            aria-label={`Check ${domain}`}
          >
            Check
          </Button>
          <Confirm
            question={`Give ${domain} up?`}
            yes="Give it up"
            command={release}
            request={{ id }}
            opener={(open) => (
              <Button size="compact-xs" variant="default" onClick={open} aria-label={`Give ${domain} up`}>
                Give up…
              </Button>
            )}
          >
            Addresses of the domain lead nowhere any more, and another tenant can prove it.
          </Confirm>
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}

/** What the DNS has to say. */
function Record({ record: { name, type, value } }: Pick<MailDomain, 'record'>) {
  return (
    <Stack gap={4}>
      <Text size="xs" c="dimmed">
        Put this {type} record into the DNS:
      </Text>
      {[name, value].map((text) => (
        <div key={text} className={classes['line']}>
          <code>{text}</code>
          <Copy value={text} what={text === name ? 'name of the record' : 'value of the record'} />
        </div>
      ))}
    </Stack>
  );
}

function Claim() {
  const claim = useCommand(mailDomains.claimMailDomain, touches);
  const [opened, { open, close }] = useDisclosure(false, { onOpen: claim.reset });
  const [domain, setDomain] = useState('');
  const submit = (): void => {
    claim.mutate({ domain: domain.trim().toLowerCase() }, { onSuccess: close });
  };
  return (
    <>
      <Button size="xs" variant="default" onClick={open}>
        Add a mail domain
      </Button>
      <Modal opened={opened} onClose={close} title="Add a mail domain">
        <CommandForm onSubmit={submit} error={claim.error} isPending={claim.isPending} send="Add">
          <TextInput
            label="Domain"
            description="The part after the @ of your addresses."
            placeholder="example.com"
            required
            data-autofocus
            value={domain}
            onChange={(event) => setDomain(event.currentTarget.value)}
          />
        </CommandForm>
      </Modal>
    </>
  );
}
