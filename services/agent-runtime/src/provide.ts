import type { FactoryProvider } from '@nestjs/common';
import { CONFIG, KIT, LOG, type BlobStore, type Kit } from '@conclave/nest-kit';
import type { Logger } from 'pino';
import type { RuntimeConfig } from './config.js';
import { BLOBS } from './uploads/blobs.js';

/** What stands for the tokens that are no classes. */
interface Named {
  readonly [BLOBS]: BlobStore;
  readonly [CONFIG]: RuntimeConfig;
  readonly [KIT]: Kit;
  readonly [LOG]: Logger;
}

type Token = keyof Named | (abstract new (...given: never[]) => object);
type Given<T extends Token> = T extends keyof Named
  ? Named[T]
  : T extends abstract new (...given: never[]) => infer I
    ? I
    : never;

/** A provider made from others, which it is given under the names it has for their tokens. */
export function provide<T extends Token, const D extends Readonly<Record<string, Token>>>(
  token: T,
  needs: D,
  make: (parts: { readonly [Name in keyof D]: Given<D[Name]> }) => Given<T>,
): FactoryProvider {
  const names = Object.keys(needs);
  return {
    provide: token,
    inject: Object.values(needs),
    useFactory: (...given: unknown[]) =>
      make(Object.fromEntries(names.map((name, i) => [name, given[i]])) as Parameters<typeof make>[0]),
  };
}
