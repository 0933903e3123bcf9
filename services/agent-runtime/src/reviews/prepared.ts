import type { PanelManifest } from '@conclave/checks';
import type { consensus, RequestInputOf } from '@conclave/contracts';

/** The first step of a review; from here on it is of one decision. */
export const PREPARE = 'prepare';

/** A seat that will be filled, with the voter that sits on it. */
export type Seat = {
  readonly seat: string;
  readonly kind: 'gate' | 'juror';
  readonly agent: PanelManifest['seats'][number]['agent'];
  readonly family: string;
  readonly version: string;
  /** Jurors only: gates have no ballot. */
  readonly voterId?: string;
  /** Model jurors only: the route. */
  readonly model?: string;
};

/** What the coordinator found before anything was judged; journaled, so every later turn sees the same. */
export type Prepared = {
  readonly subject: {
    readonly repository: string;
    readonly base: string;
    readonly head: string;
    readonly tree: string;
    readonly diffSha256: string;
  };
  readonly panel: { readonly name: string; readonly sha256: string; readonly source: string };
  readonly rule: RequestInputOf<typeof consensus.openDecision>['rule'];
  readonly secrecy: 'open' | 'sealed';
  /** Jurors are asked in waves, and no more once the outcome is certain. */
  readonly inWaves?: true;
  readonly notices: readonly string[];
  readonly tests: {
    readonly command: string;
    readonly dependencies: readonly string[];
    readonly timeoutMs: number;
  } | null;
  readonly seats: readonly Seat[];
  /** Blob of the diff view. */
  readonly diffSha256: string;
  /** When the decision stops waiting for ballots. */
  readonly deadlineAt: string;
};

/** What voters need to know of the decision as it was opened. */
export type Opened = {
  /** Digest of the decision's terms: part of what every voter signs. */
  readonly termsSha256: string;
  /** Absent in tasks made before reveals signed their salts. */
  readonly signedReveals?: boolean;
};

/** What a seat's task is given. */
export type SeatInput = Opened & {
  readonly decisionId: string;
  readonly seat: Seat;
  readonly secrecy: 'open' | 'sealed';
};
