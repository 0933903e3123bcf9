/** One thing that was looked at. */
export interface Line {
  readonly name: string;
  readonly state: 'ok' | 'failed' | 'unchecked';
  readonly detail: string;
}
