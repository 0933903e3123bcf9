/** Issuers of Entra: of one tenant, or of many, each of which signs in a name of its own. */
interface Issuer {
  readonly vendor?: string | undefined;
  readonly issuer: string;
}

/** Whether it is one of many tenants; `consumers` is one tenant, and known by its id like any other. */
export const isOfManyTenants = ({ vendor, issuer }: Issuer): boolean =>
  vendor === 'entra' && /\/(common|organizations)\/v2\.0\/?$/.test(issuer);

/** The tenant in an issuer; nothing when it names none. */
export const tenantOf = (issuer: string): string => /\/([0-9a-f-]{36})\/v2\.0\/?$/.exec(issuer)?.[1] ?? '';
