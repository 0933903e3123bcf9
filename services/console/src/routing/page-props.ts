/** What a page is told: the values in its address. */
export interface PageProps {
  readonly params: Readonly<Record<string, string>>;
}
