import { auth, ConclaveError, type Permission, type ReplyOf } from '@conclave/contracts';
import { useQuery, type QueryClient } from '@tanstack/react-query';
import { ask } from '../api/queries.js';

const whoAmI = ask(auth.getMe, {});

/** Who is signed in, if anybody. */
export function useMe() {
  return useQuery({ ...whoAmI, staleTime: 60_000, retry: false });
}

/** What the signed-in principal may do; nothing while nobody is. */
export function useMay(): (permission: Permission) => boolean {
  const { data } = useMe();
  return (permission) => data?.scopes.includes(permission) ?? false;
}

/** Whether an error means that nobody is signed in any more. */
export const isSignedOut = (error: unknown): boolean =>
  error instanceof ConclaveError && error.code === 'auth.unauthenticated';

/** Whether an error means that a second factor has to be shown before anything else. */
export const isPending = (error: unknown): error is ConclaveError =>
  error instanceof ConclaveError && error.code === 'auth.second-factor.required';

/** When a request finds the sign-in ended: asks again who is there. */
export const lookAgain = (queries: QueryClient): Promise<void> =>
  queries.invalidateQueries({ queryKey: whoAmI.queryKey });

export type Me = ReplyOf<typeof auth.getMe>;
