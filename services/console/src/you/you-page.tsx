import { Page } from '../design/page.js';
import { useMe } from '../sign-in/use-me.js';
import { Passkeys } from './passkeys.js';
import { Profile } from './profile.js';
import { SecondFactor } from './second-factor.js';
import { Programs } from './programs.js';
import { SignIns } from './sign-ins.js';

/** Who the signed-in person is, how they get in, and where they are in. */
export function YouPage() {
  const me = useMe().data;
  return (
    <Page
      title="You"
      description={me && `${me.principal.name}, ${me.role} in ${me.workspace.name} of ${me.tenant.name}.`}
    >
      <Passkeys />
      <SecondFactor />
      <SignIns />
      <Programs />
      {me && <Profile key={me.principal.id} me={me} />}
    </Page>
  );
}
