/** What a provider said of somebody, whichever way it speaks. */
export interface Vouched {
  /** The provider's own name for them. */
  readonly subject: string;
  readonly name: string | undefined;
  readonly email: string | undefined;
  /** Whether the provider itself says that the address is theirs; the only reason to believe it is. */
  readonly emailVerified: boolean;
  /** When the provider wants the sign-in to end. */
  readonly until: Date | undefined;
  /** The groups it says they are in, where the connection asks for them. */
  readonly groups?: readonly string[] | undefined;
  /** Set when it asked for a second factor, by what the connection takes for one; and when it did, if it says so. */
  readonly mfa?: { readonly at: Date | undefined };
  /** What the provider calls the session, if it does, and what it has to be told when it ends; JSON. */
  readonly session?: {
    readonly id: string | undefined;
    /** Whose it will say the session was, if that is another name than theirs. */
    readonly subject?: string;
    readonly told: string | undefined;
  };
  /** A SAML assertion, which is good once. */
  readonly assertion?: { readonly id: string; readonly expiresAt: Date };
}

/** What a provider did, as far as the connection takes it for a second factor: nothing unless it names it. */
export function mfaBy(
  accepted: readonly string[] | undefined,
  done: readonly unknown[],
  at: Date | undefined,
): Pick<Vouched, 'mfa'> {
  return done.some((one) => typeof one === 'string' && accepted?.includes(one)) ? { mfa: { at } } : {};
}

/** Why somebody is not let in. For the log: outside, all refusals look alike. */
export class SignInRefusal extends Error {
  override readonly name = 'SignInRefusal';
  constructor(
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }
}

/** The provider is believed, and its connection lets no such person in. */
export class NotAdmitted extends SignInRefusal {}

/** @throws NotAdmitted when only people of some groups are let in, and these are others */
export function refuseOutside(allowed: readonly string[] | undefined, groups: readonly string[]): void {
  if (allowed && !groups.some((group) => allowed.includes(group))) throw new NotAdmitted('in none of the groups');
}

/** Where a browser goes after signing in: a path of ours, whatever was asked for. */
export function localPath(asked: string | undefined): string {
  return asked !== undefined && /^\/(?![/\\])[\w\-./~%?&=:@+,;]*$/.test(asked) ? asked : '/';
}
