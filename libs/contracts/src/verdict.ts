import { z } from 'zod';

/** What decided over an act of a principal, as the act's entry in the log says it. */
export interface ActVerdict {
  /**
   * The version of the roles and policies that decided: how often the tenant had changed its own, `+`, and a digest of
   * those that are built in.
   */
  readonly bundle: string;
  /**
   * What permitted it: `role:<built-in>`, `custom-role:<the tenant’s own>`, `owner`, `operators`, `break-glass`, or
   * `anybody` who is signed in. What refused it: `policy:<id>` of each that forbade it.
   */
  readonly by: readonly string[];
  /** Policies that speak of such acts and let this one pass. */
  readonly passed?: readonly string[] | undefined;
}

export const actVerdict = z.object({
  bundle: z.string(),
  by: z.array(z.string()),
  passed: z.array(z.string()).optional(),
}) as z.ZodType<ActVerdict>;
