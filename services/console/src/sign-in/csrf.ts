const KEY = 'conclave.csrf';

/**
 * The word every write must carry. It lives as long as the cookie it belongs to and, like the cookie, is shared by all
 * tabs of this origin; it is worth nothing to another origin and nothing without the cookie.
 */
export const csrf = {
  read: (): string | null => localStorage.getItem(KEY),
  keep: (word: string): void => localStorage.setItem(KEY, word),
  forget: (): void => localStorage.removeItem(KEY),
};
