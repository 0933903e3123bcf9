/** Tokens of Debian's SoftHSM 2, where it is installed. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const MODULE = '/usr/lib/softhsm/libsofthsm2.so';
const PIN = '8437';

/** Whether there are any. */
export const softTokens = existsSync(MODULE) && (await import('pkcs11js').then(() => true).catch(() => false));

export interface SoftToken {
  readonly label: string;
  /** How auth reaches it. */
  readonly environment: {
    readonly SECRETS_PKCS11_MODULE: string;
    readonly SECRETS_PKCS11_TOKEN: string;
    readonly SECRETS_PKCS11_PIN_FILE: string;
  };
  /** Ends the library in this process, too, as the next test has tokens of its own. */
  remove(): Promise<void>;
}

interface KeySpec {
  readonly bytes: number;
  readonly extractable?: boolean;
}

/**
 * A token with these AES keys. `settings` is the file in which the library looks, as the environment of the process says:
 * all tokens lie beside it.
 */
export async function makeSoftToken(settings: string, keys: Readonly<Record<string, KeySpec>>): Promise<SoftToken> {
  const dir = join(dirname(settings), 'softhsm-tokens');
  const label = `test-${randomBytes(4).toString('hex')}`;
  const pinFile = join(dirname(settings), `${label}.pin`);
  mkdirSync(dir, { recursive: true });
  writeFileSync(`${settings}.${label}`, `directories.tokendir = ${dir}\nlog.level = ERROR\n`);
  renameSync(`${settings}.${label}`, settings);
  writeFileSync(pinFile, `${PIN}\n`);
  const init = ['--init-token', '--free', '--label', label, '--so-pin', '1111', '--pin', PIN];
  execFileSync('softhsm2-util', init, { stdio: 'ignore' });
  await makeKeys(label, keys);
  return {
    label,
    environment: {
      ...{ SECRETS_PKCS11_MODULE: MODULE, SECRETS_PKCS11_TOKEN: label },
      SECRETS_PKCS11_PIN_FILE: pinFile,
    },
    async remove() {
      await endLibrary();
      execFileSync('softhsm2-util', ['--delete-token', '--token', label], { stdio: 'ignore' });
      rmSync(pinFile);
    },
  };
}

async function loadLibrary() {
  const { default: lib } = await import('pkcs11js');
  const library = new lib.PKCS11();
  library.load(MODULE);
  return { lib, library };
}

async function endLibrary(): Promise<void> {
  const { lib, library } = await loadLibrary();
  try {
    library.C_Finalize();
  } catch (error) {
    if ((error as { code?: number }).code !== lib.CKR_CRYPTOKI_NOT_INITIALIZED) throw error;
  } finally {
    library.close();
  }
}

async function makeKeys(token: string, keys: Readonly<Record<string, KeySpec>>): Promise<void> {
  const { lib, library } = await loadLibrary();
  library.C_Initialize();
  const slot = library.C_GetSlotList(true).find((it) => library.C_GetTokenInfo(it).label.trim() === token)!;
  const session = library.C_OpenSession(slot, lib.CKF_SERIAL_SESSION | lib.CKF_RW_SESSION);
  library.C_Login(session, lib.CKU_USER, PIN);
  for (const [label, { bytes, extractable = false }] of Object.entries(keys)) {
    const attributes = {
      ...{ [lib.CKA_LABEL]: label, [lib.CKA_VALUE_LEN]: bytes, [lib.CKA_TOKEN]: true, [lib.CKA_PRIVATE]: true },
      ...{ [lib.CKA_SENSITIVE]: !extractable, [lib.CKA_EXTRACTABLE]: extractable },
      ...{ [lib.CKA_ENCRYPT]: true, [lib.CKA_DECRYPT]: true },
    };
    const template = Object.entries(attributes).map(([type, value]) => ({ type: Number(type), value }));
    library.C_GenerateKey(session, { mechanism: lib.CKM_AES_KEY_GEN }, template);
  }
  library.C_CloseSession(session);
  library.C_Finalize();
  library.close();
}
