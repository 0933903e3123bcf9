import { auth } from '@conclave/contracts';
import { Menu, Text, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useCommand, usePages } from '../api/queries.js';
import { refusalText } from '../api/refusal-text.js';
import { Icon } from '../design/icon.js';
import { Visible } from '../design/visible.js';
import { navigate } from '../routing/router.js';
import { moveTo, signOut } from '../sign-in/sign-ins.js';
import type { Me } from '../sign-in/use-me.js';
import classes from './who.module.css';

const schemes = [
  ['auto', 'monitor', 'As the system'],
  ['light', 'sun', 'Light'],
  ['dark', 'moon', 'Dark'],
] as const;

/** Who is signed in and where; the way out, and how the console looks. */
export function Who({ me }: { readonly me: Me }) {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const queries = useQueryClient();
  const change = useCommand(auth.changeMe, [auth.getMe]);
  const exit = useMutation({ mutationFn: signOut, onSuccess: () => queries.resetQueries() });
  return (
    <Menu position="top-start" width={240} shadow="md">
      <Menu.Target>
        <UnstyledButton
          className={classes['who']}
          aria-label={`${me.principal.name} in ${me.tenant.name}: account and appearance`}
        >
          <span className={classes['initial']} aria-hidden="true">
            {me.principal.name.slice(0, 1).toUpperCase()}
          </span>
          <span className={classes['names']}>
            <span>{me.principal.name}</span>
            <span>
              {me.tenant.name} · {me.workspace.name}
            </span>
          </span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Text size="xs" c="dimmed" px="sm" py={6}>
          {me.role} in <b>{me.tenant.name}</b>
        </Text>
        <Workspaces here={me.workspace.id} />
        <Menu.Divider />
        <Menu.Label>Appearance</Menu.Label>
        {schemes.map(([scheme, icon, title]) => (
          <Menu.Item
            key={scheme}
            role="menuitemradio"
            aria-checked={colorScheme === scheme}
            leftSection={<Icon name={icon} />}
            rightSection={colorScheme === scheme ? <Icon name="check" size={14} /> : null}
            onClick={() => {
              setColorScheme(scheme);
              // Whoever has said so in their profile means the same everywhere.
              if (me.preferences?.theme !== undefined) change.mutate({ theme: scheme });
            }}
          >
            {title}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<Icon name="book" />} component="a" href="/docs">
          API reference
        </Menu.Item>
        <Menu.Item leftSection={<Icon name="signOut" />} onClick={() => exit.mutate()} closeMenuOnClick={false}>
          {exit.isError ? 'Sign out failed; try again' : 'Sign out'}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** The workspaces of the person, when there are several; asked for when the menu opens. */
function Workspaces({ here }: { readonly here: string }) {
  const { items = [] } = usePages(auth.listWorkspaces, {});
  const queries = useQueryClient();
  const move = useMutation({
    mutationFn: moveTo,
    onSuccess: async () => {
      navigate('/runs');
      await queries.resetQueries();
    },
  });
  if (items.length < 2) return null;
  return (
    <>
      <Menu.Divider />
      <Menu.Label>{move.isError ? refusalText(move.error).title : 'Workspaces'}</Menu.Label>
      {items.map(({ id, name }) => (
        <Menu.Item
          key={id}
          aria-current={id === here}
          leftSection={<Icon name="box" />}
          rightSection={id === here ? <Icon name="check" size={14} /> : null}
          closeMenuOnClick={false}
          onClick={() => move.mutate(id)}
        >
          <Visible text={name} />
        </Menu.Item>
      ))}
    </>
  );
}
