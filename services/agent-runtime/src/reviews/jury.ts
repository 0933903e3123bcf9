/**
 * The jury file: `.conclave/panel.yaml` on the target branch. It is read from there and from nowhere else, so a change
 * cannot choose its own judges.
 */
import { JURY_FILE } from '@conclave/checks';
import { readFileAt } from '@conclave/connectors';
import { parse } from 'yaml';
import { z } from 'zod';

export const DEFAULT_PANEL = 'conclave/review';
const MAX_BYTES = 64 * 1024;

const jurySchema = z.strictObject({
  panel: z.string().max(100).default(DEFAULT_PANEL),
  tests: z
    .strictObject({
      command: z.string().min(1).max(2_000),
      /** Absolute host paths that the sandbox may read; the operator names the roots they must lie under. */
      dependencies: z.array(z.string().startsWith('/').max(1_000)).max(20).default([]),
      timeoutSeconds: z.number().int().min(1).max(3_600).optional(),
    })
    .optional(),
});

export type Jury = z.output<typeof jurySchema>;

/** The jury file is there but cannot be used; the message says what to correct. */
export class JuryError extends Error {
  override readonly name = 'JuryError';
}

/** The jury of the target branch, or undefined when it has none. @throws JuryError */
export async function readJury(repository: string, target: string): Promise<Jury | undefined> {
  const bytes = await readFileAt(repository, target, JURY_FILE, MAX_BYTES);
  return bytes && parseJury(bytes.toString('utf8'));
}

/** @throws JuryError */
export function parseJury(text: string): Jury {
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 10 });
  } catch (cause) {
    throw new JuryError(
      `${JURY_FILE} is not valid YAML: ${cause instanceof Error ? cause.message.split('\n')[0] : ''}`,
      { cause },
    );
  }
  const parsed = jurySchema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`);
  throw new JuryError(`${JURY_FILE} on the target branch is not usable: ${faults.join('; ')}`);
}
