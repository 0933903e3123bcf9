import { auth, breakGlass } from '@conclave/contracts';
import { Button } from '@mantine/core';
import { useCommand } from '../api/queries.js';
import { Confirm } from '../design/confirm.js';
import type { Emergency } from './use-emergencies.js';

/** Ends an emergency access before its time. */
export function EndEmergency({
  access: { id, principal },
  own,
}: {
  readonly access: Emergency;
  readonly own: boolean;
}) {
  const end = useCommand(breakGlass.endBreakGlass, [breakGlass.listBreakGlass, auth.getMe]);
  const whose = own ? 'your emergency access' : `the emergency access of ${principal.name}`;
  return (
    <Confirm
      question={`End ${whose}?`}
      yes="End it now"
      command={end}
      request={{ id }}
      opener={(open) => (
        <Button size="compact-xs" variant="default" onClick={open} aria-label={`End ${whose}`}>
          End it…
        </Button>
      )}
    >
      {own ? 'You are left with what your role permits.' : 'They are left with what their role permits.'}
    </Confirm>
  );
}
