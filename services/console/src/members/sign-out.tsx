import { signIns, type auth, type ReplyOf } from '@conclave/contracts';
import { Button } from '@mantine/core';
import { useCommand } from '../api/queries.js';
import { Confirm } from '../design/confirm.js';

type Member = ReplyOf<typeof auth.listMembers>['items'][number];

/** Ends whatever somebody has open here, for a device that was lost. */
export function SignOut({ member: { principal } }: { readonly member: Member }) {
  const end = useCommand(signIns.revokeSignIns, []);
  return (
    <Confirm
      question={`Sign ${principal.name} out everywhere?`}
      yes="Sign out"
      command={end}
      request={{ principal: principal.id }}
      opener={(open) => (
        <Button size="compact-xs" variant="default" onClick={open} aria-label={`Sign ${principal.name} out`}>
          Sign out…
        </Button>
      )}
    >
      Every browser they are signed in with here is signed out at once, and programs that act for them stop. Their API
      keys and runs go on.
    </Confirm>
  );
}
