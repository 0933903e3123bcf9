import { consensus } from '@conclave/contracts';
import { send } from '../api/queries.js';
import { NamePasskey } from '../sign-in/name-passkey.js';
import { useMe } from '../sign-in/use-me.js';
import { makePasskey, type VoterKey } from './passkeys.js';

/** Makes a passkey and enrols it as a voter key. */
export function EnrolPasskey({ known }: { readonly known: readonly VoterKey[] }) {
  const person = useMe().data?.principal.name ?? '';
  const make = async (name: string) =>
    send(consensus.enrolPasskey, { name, registration: await makePasskey(person, standing(known)) });
  return (
    <NamePasskey
      title="Enrol a passkey"
      description="Which device it is on. Receipts do not show it."
      make={make}
      list={consensus.listVoterKeys}
    >
      The browser asks you to confirm with your fingerprint, your face or a PIN. The private key stays on your device,
      or with whoever keeps your passkeys.
    </NamePasskey>
  );
}

const standing = (keys: readonly VoterKey[]): VoterKey[] => keys.filter(({ revokedAt }) => revokedAt === undefined);
