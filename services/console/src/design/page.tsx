import { Breadcrumbs, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useEffect, useRef, type ReactNode } from 'react';
import { Link } from '../routing/router.js';
import { visibleString } from './visible-text.js';
import { Visible } from './visible.js';
import classes from './page.module.css';

export interface Crumb {
  readonly to: string;
  readonly title: string;
}

interface PageProps {
  readonly title: string;
  readonly description?: ReactNode;
  /** Where the page hangs, outermost first. */
  readonly crumbs?: readonly Crumb[];
  /** What can be done here. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** The frame of every page: names the document, and takes the focus so that readers hear where they are. */
export function Page({ title, description, crumbs = [], actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${visibleString(title)} · Conclave`;
  }, [title]);
  useEffect(() => {
    globalThis.scrollTo(0, 0);
    heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <Stack gap="lg" className={classes['page']}>
      <header className={classes['header']}>
        <Stack gap={4} miw={0}>
          {crumbs.length > 0 && (
            <nav aria-label="Breadcrumbs">
              <Breadcrumbs separatorMargin={6} fz="sm" c="dimmed">
                {crumbs.map(({ to, title: name }) => (
                  <Link key={to} to={to} className={classes['crumb']}>
                    {name}
                  </Link>
                ))}
              </Breadcrumbs>
            </nav>
          )}
          <Title order={1} ref={heading} tabIndex={-1} className={classes['title']}>
            <Visible text={title} />
          </Title>
          {description !== undefined && (
            <Text component="div" c="dimmed" size="sm" maw={720}>
              {description}
            </Text>
          )}
        </Stack>
        {actions !== undefined && <Group gap="xs">{actions}</Group>}
      </header>
      {children}
    </Stack>
  );
}

/** What stands where something is being read, in about its shape. */
export function Waiting({ rows = 6, height = 44 }: { readonly rows?: number; readonly height?: number }) {
  return (
    <Stack gap="xs" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={height} radius="md" />
      ))}
    </Stack>
  );
}
