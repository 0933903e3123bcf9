/** Where logs are published: files that anybody may serve, and that outlive the database. */
export interface LogStore {
  /** Keeps a file that never changes under its path; keeping the same again is nothing. */
  keep(path: string, bytes: Uint8Array): Promise<void>;
  /** Puts a log's newest checkpoint in the place of the one before. */
  publish(path: string, note: string): Promise<void>;
  /** The file, or undefined. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Forgets partial tiles, which a full one has made superfluous. */
  forgetPartial(path: string): Promise<void>;
}

export const LOG_STORE = Symbol('log store');

/** Content of a file that is not a checkpoint. */
export const TILE_TYPE = 'application/octet-stream';
export const CHECKPOINT_TYPE = 'text/plain; charset=utf-8';
