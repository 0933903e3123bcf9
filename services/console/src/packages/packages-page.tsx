import { marketplace, type ReplyOf } from '@conclave/contracts';
import { Group, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ask, usePages } from '../api/queries.js';
import { Digest } from '../design/copy.js';
import { Icon } from '../design/icon.js';
import { ListOf } from '../design/list-of.js';
import { NothingHere } from '../design/nothing-here.js';
import { Page } from '../design/page.js';
import { Tag } from '../design/tag.js';
import { Install, type Installation } from './install.js';
import { Manifest } from './manifest.js';
import classes from './packages-page.module.css';

type Listing = ReplyOf<typeof marketplace.listPackages>['items'][number];

const SEARCH_MS = 250;

/** What can be installed and what is, each pinned to a digest. */
export function PackagesPage() {
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed.trim(), SEARCH_MS);
  const list = usePages(marketplace.listPackages, search === '' ? {} : { search });
  const installed = useQuery(ask(marketplace.listInstallations, { limit: 100 }));
  return (
    <Page
      title="Packages"
      description="Panels this tenant can be judged by. An installed one is pinned to its digest: what runs is what was installed."
      actions={
        <TextInput
          aria-label="Search packages"
          placeholder="Search"
          leftSection={<Icon name="search" />}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      }
    >
      <ListOf
        list={list}
        empty={
          <NothingHere icon="box" title={search === '' ? 'No packages are published' : `Nothing matches “${search}”`} />
        }
      >
        {(packages) => (
          <ul className={classes['packages']}>
            {packages.map((listing) => (
              <li key={listing.name}>
                <Package
                  listing={listing}
                  installation={installed.data?.items.find((one) => one.package === listing.name)}
                />
              </li>
            ))}
          </ul>
        )}
      </ListOf>
    </Page>
  );
}

function Package({
  listing,
  installation,
}: {
  readonly listing: Listing;
  readonly installation: Installation | undefined;
}) {
  const { name, title, description, publisher, builtIn, latest } = listing;
  const behind = installation && installation.sha256 !== latest.sha256;
  return (
    <article aria-label={title}>
      <Group justify="space-between" align="flex-start" wrap="nowrap">
        <Stack gap={2} miw={0}>
          <Group gap="xs">
            <Text fw={600}>{title}</Text>
            {installation && <Tag look={{ tone: 'good', icon: 'check', word: `Installed ${installation.version}` }} />}
            {behind && <Tag look={{ tone: 'warn', icon: 'info', word: `${latest.version} is there` }} />}
          </Group>
          <Text size="sm" c="dimmed">
            {description}
          </Text>
          <Text component="div" size="xs" c="dimmed" className={classes['facts'] ?? ''}>
            <code>{name}</code>
            <span>{builtIn ? 'built in' : `by ${publisher}`}</span>
            <span>{latest.version}</span>
            <Digest value={installation?.sha256 ?? latest.sha256} what={`digest of ${name}`} />
          </Text>
        </Stack>
        <Install name={name} installation={installation} behind={behind === true} />
      </Group>
      <Manifest name={name} />
    </article>
  );
}
