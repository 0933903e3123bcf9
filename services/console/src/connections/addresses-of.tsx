import type { connections, ReplyOf } from '@conclave/contracts';
import { Button, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Copy } from '../design/copy.js';
import classes from '../design/copy.module.css';

export type Connection = ReplyOf<typeof connections.getConnection>;

const names: Readonly<Record<keyof Connection['urls'], string>> = {
  callback: 'Callback (ACS, redirect address)',
  entityId: 'Entity id, and metadata to import',
  providerLogout: 'Single logout, and back-channel logout',
  logout: 'Address after signing out (post-logout redirect)',
  keys: 'Keys of our client (JWKS address)',
  login: 'Sign-in address, for links',
};

/** What the provider has to be told of us. */
export function Addresses({ urls }: { readonly urls: Connection['urls'] }) {
  return (
    <Stack gap="sm">
      {(Object.keys(names) as (keyof Connection['urls'])[]).map((key) => {
        const url = urls[key];
        return url === undefined ? null : (
          <div key={key}>
            <Text size="sm">{names[key]}</Text>
            <div className={classes['line']}>
              <code>{url}</code>
              <Copy value={url} what={names[key]} />
            </div>
          </div>
        );
      })}
    </Stack>
  );
}

export function AddressesOf({ name, urls }: { readonly name: string; readonly urls: Connection['urls'] }) {
  const [opened, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button size="compact-xs" variant="default" onClick={open} aria-label={`Addresses of ${name}`}>
        Addresses
      </Button>
      <Modal opened={opened} onClose={close} title={`What ${name} has to know`} size="lg">
        <Addresses urls={urls} />
      </Modal>
    </>
  );
}
