/** Why a message of an identity provider was not believed. For operators; whoever sent it is told nothing. */
export class SamlRefusal extends Error {
  override readonly name = 'SamlRefusal';
  constructor(
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }
}

/** @throws SamlRefusal unless the condition holds */
export function insist(holds: unknown, reason: string): asserts holds {
  if (!holds) throw new SamlRefusal(reason);
}
