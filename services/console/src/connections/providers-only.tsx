import { signInPolicy, tenants } from '@conclave/contracts';
import { Button, MultiSelect, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ask, useCommand } from '../api/queries.js';
import { Confirm } from '../design/confirm.js';
import { Panel } from '../design/panel.js';
import { Refusal } from '../design/refusal.js';
import { useMay } from '../sign-in/use-me.js';

const people = (count: number): string => (count === 1 ? 'One person' : `${count} people`);

/** Whether people come in through these providers only. */
export function ProvidersOnly() {
  const may = useMay();
  const [exempt, setExempt] = useState<string[]>([]);
  const policy = useQuery(ask(signInPolicy.getSignInPolicy, {}));
  const owners = useQuery({ ...ask(tenants.listOwners, {}), enabled: may('tenant:manage') });
  const change = useCommand(signInPolicy.putSignInPolicy, [signInPolicy.getSignInPolicy]);
  if (policy.data === undefined)
    return policy.error ? <Refusal error={policy.error} onRetry={() => void policy.refetch()} /> : null;
  const { providersOnly, peopleWithout } = policy.data;
  const choices = (owners.data?.items ?? []).map(({ principal: { id, name } }) => ({ value: id, label: name }));
  const names = policy.data.exempt.map((id) => choices.find(({ value }) => value === id)?.label ?? id);
  const word = providersOnly ? 'Open every way in' : 'Let people in through providers only';
  return (
    <Panel
      title="Ways in"
      note={noteOn(providersOnly, names, peopleWithout)}
      aside={
        may('policy:manage') && (
          <Confirm
            question={providersOnly ? 'Open every way in again?' : 'Let people in through providers only?'}
            yes={word}
            command={change}
            request={{ providersOnly: !providersOnly, exempt: providersOnly ? [] : exempt }}
            opener={(open) => (
              <Button size="compact-sm" variant="default" onClick={open}>
                {word}…
              </Button>
            )}
          >
            {providersOnly ? (
              'Passkeys, keys in a browser and one-time links let people in again.'
            ) : (
              <Stack gap="sm">
                <span>
                  Whoever signed in otherwise is out at once. {people(peopleWithout)} came through no provider yet. You
                  have to have come through one just now yourself. Keys of programs work on.
                </span>
                <MultiSelect
                  label="Owners who may use a passkey all the same"
                  description="For when the provider is away. They have to have a passkey."
                  searchable
                  data={choices}
                  value={exempt}
                  onChange={setExempt}
                  maxValues={10}
                />
              </Stack>
            )}
          </Confirm>
        )
      }
    />
  );
}

function noteOn(providersOnly: boolean, exempt: readonly string[], without: number): string {
  if (!providersOnly) return 'People come in through these providers, with passkeys and with one-time links.';
  const others = exempt.length === 0 ? 'Nobody is exempt.' : `Exempt with a passkey: ${exempt.join(', ')}.`;
  return `People come in through these providers only. ${others} ${people(without)} came through none yet.`;
}
