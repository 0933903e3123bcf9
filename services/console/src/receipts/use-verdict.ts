import { verifyReceipt, type TrustPolicy, type Verdict } from '@conclave/verify';
import { useEffect, useState } from 'react';

/** Whether this page can check signatures: browsers offer that to HTTPS and localhost pages only. */
export const canVerify = (): boolean => globalThis.isSecureContext && 'subtle' in crypto;

export type Verification = { readonly verdict: Verdict } | { readonly fault: unknown } | undefined;

/** Verifies in this browser, asking nobody. Undefined until it is done. */
export function useVerdict(receipt: string, trust: TrustPolicy | undefined): Verification {
  const [verification, setVerification] = useState<Verification>();
  useEffect(() => {
    let left = false;
    const show = (done: Verification): void => {
      if (!left) setVerification(done);
    };
    show(undefined);
    verifyReceipt(receipt, trust).then(
      (verdict) => show({ verdict }),
      (fault: unknown) => show({ fault }),
    );
    return () => {
      left = true;
    };
  }, [receipt, trust]);
  return verification;
}
