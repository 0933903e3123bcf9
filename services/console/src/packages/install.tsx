import { marketplace, type ReplyOf } from '@conclave/contracts';
import { Button, Group, Stack } from '@mantine/core';
import { useCommand } from '../api/queries.js';
import { Confirm } from '../design/confirm.js';
import { Refused } from '../design/refusal.js';
import { useMay } from '../sign-in/use-me.js';

export type Installation = ReplyOf<typeof marketplace.listInstallations>['items'][number];

interface InstallProps {
  readonly name: string;
  readonly installation: Installation | undefined;
  /** A newer release is there than the one installed. */
  readonly behind: boolean;
}

/** Installs, updates or uninstalls a package. */
export function Install({ name, installation, behind }: InstallProps) {
  const may = useMay();
  const install = useCommand(marketplace.installPackage, [marketplace.listInstallations]);
  const uninstall = useCommand(marketplace.uninstallPackage, [marketplace.listInstallations]);
  if (!may('package:install')) return null;
  return (
    <Stack gap="xs" align="flex-end">
      <Group gap="xs" wrap="nowrap">
        {(!installation || behind) && (
          <Button size="xs" loading={install.isPending} onClick={() => install.mutate({ package: name })}>
            {installation ? 'Update' : 'Install'}
          </Button>
        )}
        {installation && (
          <Confirm
            question={`Uninstall ${name}?`}
            yes="Uninstall"
            command={uninstall}
            request={{ id: installation.id }}
            opener={(open) => (
              <Button size="xs" variant="default" onClick={open}>
                Uninstall…
              </Button>
            )}
          >
            Reviews that ask for this panel are refused until it is installed again. Decisions it has made stay as they
            are.
          </Confirm>
        )}
      </Group>
      <Refused error={install.error} />
    </Stack>
  );
}
