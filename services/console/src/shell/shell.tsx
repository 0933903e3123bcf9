import { AppShell, Burger, Group, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { EmergencyBanner } from '../access/emergency-banner.js';
import { Link } from '../routing/router.js';
import type { Me } from '../sign-in/use-me.js';
import { Brand } from './brand.js';
import { Navigation } from './navigation.js';
import classes from './shell.module.css';
import { Who } from './who.js';

const Home = () => (
  <Link to="/runs" className={classes['home']} aria-label="Conclave, to the runs">
    <Brand size={24} />
    <Text fw={650} component="span">
      Conclave
    </Text>
  </Link>
);

/** The frame around every page: where one can go, who is there, the page itself. */
export function Shell({ me, children }: { readonly me: Me; readonly children: ReactNode }) {
  const [opened, { toggle, close }] = useDisclosure(false);
  return (
    <AppShell
      padding={{ base: 'md', sm: 'xl' }}
      layout="alt"
      transitionDuration={0}
      header={{ height: { base: 52, sm: 0 } }}
      navbar={{ width: 232, breakpoint: 'sm', collapsed: { mobile: !opened } }}
    >
      <a href="#content" className={classes['skip']}>
        Skip to content
      </a>
      <AppShell.Header hiddenFrom="sm" px="md" className={classes['header'] ?? ''}>
        <Home />
        <Burger
          opened={opened}
          onClick={toggle}
          size="sm"
          aria-label={opened ? 'Close the menu' : 'Open the menu'}
          aria-expanded={opened}
        />
      </AppShell.Header>
      <AppShell.Navbar p="sm" className={classes['navbar'] ?? ''} data-closed={!opened || undefined}>
        <Group justify="space-between" px={8} pt={6} pb={18}>
          <Home />
          <Burger opened={opened} onClick={toggle} size="sm" hiddenFrom="sm" aria-label="Close the menu" />
        </Group>
        <AppShell.Section grow className={classes['places'] ?? ''}>
          <Navigation onGo={close} />
        </AppShell.Section>
        <AppShell.Section>
          <Who me={me} />
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1} className={classes['main'] ?? ''}>
        <EmergencyBanner me={me} />
        {children}
      </AppShell.Main>
    </AppShell>
  );
}
