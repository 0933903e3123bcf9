import { passkeys } from '@conclave/contracts';
import { send } from '../api/queries.js';
import { NamePasskey } from '../sign-in/name-passkey.js';
import { makePasskey } from '../sign-in/passkeys.js';

/** Makes a passkey to sign in with. */
export function AddPasskey({ onDone }: { readonly onDone?: () => void }) {
  const make = async (name: string) => {
    const { options } = await send(passkeys.challengePasskey, {});
    return send(passkeys.addPasskey, { name, registration: await makePasskey(options) });
  };
  return (
    <NamePasskey
      title="Add a passkey"
      description="Which device it is on."
      make={make}
      list={passkeys.listPasskeys}
      {...(onDone ? { onDone } : {})}
    >
      With it you sign in without a key, in every workspace you belong to.
    </NamePasskey>
  );
}
