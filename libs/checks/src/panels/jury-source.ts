/**
 * Where a review's panel was named. The runtime writes it into the decision's terms; whoever verifies the receipt reads
 * it again and compares the commit with the branch, so both ends are here.
 */

/** The jury of a repository, on the branch that changes are for. */
export const JURY_FILE = '.conclave/panel.yaml';

export interface JurySource {
  /** By the jury file; or, without one, by nobody or by whoever asked for the review. */
  readonly by: 'jury' | 'default' | 'request';
  /** The commit whose jury file was looked for. */
  readonly commit: string;
}

const spelled = {
  jury: `${JURY_FILE} at `,
  default: `built-in default, without ${JURY_FILE} at `,
  request: `the request, without ${JURY_FILE} at `,
} as const satisfies Record<JurySource['by'], string>;

export const jurySourceText = ({ by, commit }: JurySource): string => spelled[by] + commit;

/** What {@link jurySourceText} made; undefined for any other text. */
export function parseJurySource(text: string): JurySource | undefined {
  for (const by of ['jury', 'default', 'request'] as const) {
    const commit = text.startsWith(spelled[by]) ? text.slice(spelled[by].length) : '';
    if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) return { by, commit };
  }
  return undefined;
}
