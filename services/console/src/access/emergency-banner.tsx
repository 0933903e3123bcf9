import { Group, Text } from '@mantine/core';
import { Icon } from '../design/icon.js';
import { exactly } from '../design/time.js';
import { VisibleProse, Visible } from '../design/visible.js';
import { Link } from '../routing/router.js';
import { useMay, type Me } from '../sign-in/use-me.js';
import classes from './emergency-banner.module.css';
import { EndEmergency } from './end-emergency.js';
import { isOn, useEmergencies } from './use-emergencies.js';

/** On every page, for everybody, while somebody has more than their role. */
export function EmergencyBanner({ me }: { readonly me: Me }) {
  return useMay()('member:read') ? <Open me={me} /> : null;
}

function Open({ me }: { readonly me: Me }) {
  const { items = [] } = useEmergencies();
  const may = useMay();
  return items.filter(isOn).map((access) => {
    const own = access.principal.id === me.principal.id;
    return (
      <section
        key={access.id}
        role="status"
        aria-label="Emergency access"
        className={`${classes['banner']} tone-${own ? 'bad' : 'warn'}`}
      >
        <Icon name="alert" size={18} />
        <Text size="sm" component="div" className={classes['words'] ?? ''}>
          <strong>
            {own ? (
              'You have emergency access'
            ) : (
              <>
                <Visible text={access.principal.name} /> has emergency access
              </>
            )}{' '}
            until {exactly(Date.parse(access.endsAt))}.
          </strong>{' '}
          <VisibleProse text={access.reason} />
        </Text>
        <Group gap="sm" wrap="nowrap">
          <Link to="/emergency-access" className={classes['link']}>
            All of them
          </Link>
          {(own || may('member:manage')) && <EndEmergency access={access} own={own} />}
        </Group>
      </section>
    );
  });
}
