import { CHECKS } from '../registry.js';
import type { PanelManifest, PanelSeat } from './panel.js';

/** Versions of the program agents; a change of what they find is a new version. */
export const PROGRAM_VERSIONS: Readonly<Record<string, string>> = { 'tests-gate': '2', 'hunk-ablation': '2' };

const checkSeat = ({ id, version, family }: (typeof CHECKS)[number]): PanelSeat => ({
  seat: id,
  kind: 'juror',
  agent: 'check',
  version,
  family,
});

/**
 * The built-in review panel: the project's tests as a gate, every check and the ablation of hunks as jurors, and a model
 * per route that the install has configured. One no rejects; abstentions do not count, but every juror must have said
 * something: a panel of which one stayed silent, did not reveal or contradicted itself is undecided.
 */
export const reviewPanel: PanelManifest = {
  name: 'conclave/review',
  version: '1.1.0',
  title: 'Review of a change',
  description:
    'Tests as a gate; checks, hunk ablation and configured models as jurors; one reasoned no rejects, silence decides nothing.',
  rule: { method: 'approval-gate', variant: 'unanimous', quorum: { num: 1, den: 1 } },
  secrecy: 'open',
  seats: [
    { seat: 'tests', kind: 'gate', agent: 'tests-gate', version: PROGRAM_VERSIONS['tests-gate']!, family: 'conclave' },
    ...CHECKS.map(checkSeat),
    {
      seat: 'hunk-ablation',
      kind: 'juror',
      agent: 'hunk-ablation',
      version: PROGRAM_VERSIONS['hunk-ablation']!,
      family: 'conclave',
    },
    { seat: 'model', kind: 'juror', agent: 'llm', version: '1', family: 'model-vendor' },
  ],
};

/** The panels that come with the platform. */
export const builtInPanels: readonly PanelManifest[] = [reviewPanel];
