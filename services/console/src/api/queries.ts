/**
 * Operations as queries and commands: the contract names the key, types the reply and says what a command makes stale.
 */
import { newId, type Contract, type ReplyOf, type RequestInputOf } from '@conclave/contracts';
import {
  infiniteQueryOptions,
  queryOptions,
  useInfiniteQuery,
  useMutation,
  useQueryClient,
  type UseMutationResult,
} from '@tanstack/react-query';
import { withProof } from '../sign-in/late-proof.js';
import { client } from './client.js';

/** How often what may change by itself is read again. */
export const LIVE_MS = 4_000;

/** The query of one operation. */
export function ask<C extends Contract>(contract: C, request: RequestInputOf<C>) {
  return queryOptions({
    queryKey: [contract.subject, request],
    queryFn: ({ signal }) => client.call(contract, request, { signal }),
  });
}

interface Page {
  readonly items: readonly unknown[];
  readonly next?: string | undefined;
}
type ItemOf<C extends Contract> = ReplyOf<C> extends { items: (infer Item)[] } ? Item : never;

/** A list as far as it was read, newest first, and how to read on. */
export interface Listed<Item> {
  readonly items: readonly Item[] | undefined;
  readonly error: Error | null;
  readonly retry: () => void;
  /** Reads the next page; absent on the last one. */
  readonly older?: () => void;
  readonly isReadingOlder: boolean;
}

/** Follows a paged list. `liveMs` reads all its pages again that often. */
export function usePages<C extends Contract>(
  contract: C,
  request: RequestInputOf<C>,
  { liveMs }: { readonly liveMs?: number } = {},
): Listed<ItemOf<C>> {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    infiniteQueryOptions({
      queryKey: [contract.subject, 'pages', request],
      queryFn: ({ pageParam, signal }) => {
        const page = { ...(request as object), ...(pageParam === '' ? {} : { after: pageParam }) };
        return client.call(contract, page as RequestInputOf<C>, { signal });
      },
      initialPageParam: '',
      getNextPageParam: (page) => (page as Page).next,
      ...(liveMs === undefined ? {} : { refetchInterval: liveMs }),
    }),
  );
  return {
    items: data?.pages.flatMap((page) => (page as Page).items as ItemOf<C>[]),
    error: data === undefined ? error : null,
    retry: () => void refetch(),
    ...(hasNextPage ? { older: () => void fetchNextPage() } : {}),
    isReadingOlder: isFetchingNextPage,
  };
}

/** Sends a write. A repeat of one attempt by the network does it once. */
export const send = <C extends Contract>(contract: C, request: RequestInputOf<C>): Promise<ReplyOf<C>> =>
  withProof(() => client.call(contract, request, { idempotencyKey: newId('event') }));

/** A write; afterwards what it `touches` is read again. */
export const useCommand = <C extends Contract>(
  contract: C,
  touches: readonly Contract[],
): UseMutationResult<ReplyOf<C>, Error, RequestInputOf<C>> => useWork((request) => send(contract, request), touches);

/** A write of several steps. */
export function useWork<Reply, Request>(
  work: (request: Request) => Promise<Reply>,
  touches: readonly Contract[],
): UseMutationResult<Reply, Error, Request> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: work,
    onSuccess: async () => {
      await Promise.all(touches.map(({ subject }) => queries.invalidateQueries({ queryKey: [subject] })));
    },
  });
}
