import { hex, jcs, sha256, utf8 } from '@conclave/audit-core';

/** One seat of a panel: who judges, and in which way. */
export interface PanelSeat {
  /** Unique in the panel: `tests`, `secrets`, … */
  seat: string;
  /** A gate brings hard evidence and no weight; a juror votes. */
  kind: 'gate' | 'juror';
  /** What runs: a pure check, a program in a sandbox, or a model. */
  agent: 'check' | 'tests-gate' | 'hunk-ablation' | 'llm';
  /** Version of the check or program; a bundle that ships another one refuses the panel. */
  version: string;
  /** The evaluator's lineage. */
  family: string;
}

/** A panel as data: what the marketplace distributes and the runtime compares with what it ships. */
export interface PanelManifest {
  name: string;
  version: string;
  title: string;
  description: string;
  /** `quorum` is the share of jurors that must take part, abstaining ones included: without it silence is absence. */
  rule: { method: 'approval-gate'; quorum?: { num: number; den: number } } & (
    { variant: 'unanimous' } | { threshold: { num: number; den: number } }
  );
  secrecy: 'open' | 'sealed';
  /**
   * `certain`: jurors are asked in waves, in the order of the seats, and no more once the outcome is certain. Ballots are
   * then open, but shown to nobody before the end. Absent: everybody is asked at once.
   */
  early_stop?: 'certain';
  seats: PanelSeat[];
}

/** The digest a panel is pinned by: SHA-256 of its RFC 8785 form. */
export function panelSha256(manifest: PanelManifest): string {
  return hex(
    sha256(utf8(jcs({ ...manifest, rule: { ...manifest.rule }, seats: manifest.seats.map((seat) => ({ ...seat })) }))),
  );
}
