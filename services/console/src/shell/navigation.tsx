import { Text } from '@mantine/core';
import { Icon } from '../design/icon.js';
import { Link, useAddress } from '../routing/router.js';
import { useMay } from '../sign-in/use-me.js';
import classes from './navigation.module.css';
import { places } from './places.js';

/** The places of the console that the signed-in principal may go to. */
export function Navigation({ onGo }: { readonly onGo: () => void }) {
  const { path } = useAddress();
  const may = useMay();
  return (
    <nav aria-label="Main" className={classes['nav']}>
      {places.map(({ title, places: all }) => {
        const open = all.filter(({ permission }) => permission === undefined || may(permission));
        if (open.length === 0) return null;
        return (
          <div key={title} className={classes['group']}>
            <Text size="xs" fw={550} c="dimmed" px={10} pb={4} id={`nav-${title}`}>
              {title}
            </Text>
            <ul aria-labelledby={`nav-${title}`}>
              {open.map((place) => {
                const here = path === place.to || path.startsWith(`${place.to}/`);
                return (
                  <li key={place.to}>
                    <Link
                      to={place.to}
                      className={classes['link']}
                      onClick={onGo}
                      {...(here ? { 'aria-current': 'page' } : {})}
                    >
                      <Icon name={place.icon} />
                      {place.title}
                    </Link>
                  </li>
                );
              })}
            </ul>
          </div>
        );
      })}
    </nav>
  );
}
