import { mfa } from '@conclave/contracts';
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ask, useCommand } from '../api/queries.js';
import { Confirm } from '../design/confirm.js';
import { Panel } from '../design/panel.js';
import { Refusal } from '../design/refusal.js';
import { useMay } from '../sign-in/use-me.js';

/** Whether everybody of the tenant has to show a second factor. */
export function MfaDemand() {
  const may = useMay();
  const policy = useQuery(ask(mfa.getMfaPolicy, {}));
  const change = useCommand(mfa.putMfaPolicy, [mfa.getMfaPolicy, mfa.getFactors]);
  if (policy.data === undefined)
    return policy.error ? <Refusal error={policy.error} onRetry={() => void policy.refetch()} /> : null;
  const required = policy.data.mfa === 'required';
  const without = policy.data.peopleWithout;
  const next = { mfa: required ? ('optional' as const) : ('required' as const) };
  const word = required ? 'Ask for it no longer' : 'Ask everybody for it';
  return (
    <Panel
      title="Second factor"
      note={
        <>
          {required
            ? 'Everybody shows a second factor, or a passkey, to get in.'
            : 'Who has an authenticator app is asked for it; nobody has to have one.'}{' '}
          {without === 1 ? 'One person has none yet.' : `${without} people have none yet.`}
        </>
      }
      aside={
        may('policy:manage') && (
          <Confirm
            question={required ? 'Ask for a second factor no longer?' : 'Ask everybody for a second factor?'}
            yes={word}
            command={change}
            request={next}
            opener={(open) => (
              <Button size="compact-sm" variant="default" onClick={open}>
                {word}…
              </Button>
            )}
          >
            {required
              ? 'One factor is enough again for whoever has no authenticator app.'
              : 'Whoever is signed in with one factor has to show or add a second at once. You have to be signed in with two yourself.'}
          </Confirm>
        )
      }
    />
  );
}
