/** What the catalogue says of a code. */
export interface CatalogueEntry {
  readonly status: number;
  readonly title: string;
  readonly action: string;
  readonly retryable?: true;
}
