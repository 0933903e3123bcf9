import { Page } from '../design/page.js';
import { useMe } from '../sign-in/use-me.js';
import { AddPasskey } from './add-passkey.js';
import { Passkeys } from './passkeys.js';
import { Programs } from './programs.js';
import { SignIns } from './sign-ins.js';

/** How the signed-in person gets in, and where they are in. */
export function YouPage() {
  const me = useMe().data;
  return (
    <Page
      title="You"
      description={me && `${me.principal.name}, ${me.role} in ${me.workspace.name} of ${me.tenant.name}.`}
      actions={<AddPasskey />}
    >
      <Passkeys />
      <SignIns />
      <Programs />
    </Page>
  );
}
