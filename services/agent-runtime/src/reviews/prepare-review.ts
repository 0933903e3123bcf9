import { utf8 } from '@conclave/audit-core';
import {
  CHECKS,
  PROGRAM_VERSIONS,
  changeSha256,
  jurySourceText,
  type Change,
  type LimitHit,
  type PanelManifest,
  type PanelSeat,
} from '@conclave/checks';
import { treeOf } from '@conclave/connectors';
import type { RequestOf, runtime } from '@conclave/contracts';
import type { BlobStore } from '@conclave/nest-kit';
import type { RuntimeConfig } from '../config.js';
import type { Turn } from '../engine/agent-port.js';
import type { WorkspaceModels } from '../models/workspace-models.js';
import type { Panels } from '../panels/panels.js';
import type { Signer } from '../voters/signer.js';
import type { Changes } from './changes.js';
import { diffView } from './diff-view.js';
import { DEFAULT_PANEL, JuryError, readJury, type Jury } from './jury.js';
import type { Prepared, Seat } from './prepared.js';
import { actorOf, reviewOf } from './review-of.js';

type Wishes = Pick<RequestOf<typeof runtime.createReview>, 'panel' | 'target' | 'test'>;

export interface PrepareParts {
  readonly changes: Changes;
  readonly panels: Panels;
  readonly signer: Signer;
  readonly models: WorkspaceModels;
  readonly blobs: BlobStore;
  readonly config: RuntimeConfig;
}

/** Finds out what is judged and by whom: the change, the target branch's jury, the panel and its voters. */
export class PrepareReview {
  constructor(private readonly parts: PrepareParts) {}

  /** @throws GitError | JuryError | ConclaveError `runtime.panel.not-installed` */
  async run(turn: Turn): Promise<Prepared> {
    const of = reviewOf(turn);
    const { review } = of;
    const { repository, change } = await this.parts.changes.open(of);
    const jury = await readJury(repository, review.target);
    const name = jury?.panel ?? review.panel ?? DEFAULT_PANEL;
    const { manifest, sha256 } = await this.parts.panels.get(actorOf(turn), name);
    const command = jury?.tests?.command ?? review.test;
    const seats = await this.seatsOf(turn, manifest);
    return {
      subject: {
        repository: review.repository,
        base: review.base,
        head: review.head,
        tree: await treeOf(repository, review.head),
        diffSha256: changeSha256(change),
      },
      panel: { name, sha256, source: sourceOf(jury, review) },
      rule: manifest.rule,
      secrecy: secrecyOf(manifest, seats),
      ...(manifest.early_stop && { inWaves: true as const }),
      notices: noticesOf(change, jury, review),
      tests: command
        ? {
            command,
            dependencies: jury?.tests?.dependencies ?? [],
            timeoutMs: jury?.tests?.timeoutSeconds
              ? jury.tests.timeoutSeconds * 1_000
              : this.parts.config.TEST_TIMEOUT_MS,
          }
        : null,
      seats,
      diffSha256: (await this.parts.blobs.put(turn.tenantId, utf8(JSON.stringify(diffView(change))))).sha256,
      deadlineAt: new Date(Date.now() + this.parts.config.REVIEW_DEADLINE_MS).toISOString(),
    };
  }

  /** The manifest's seats with their voters; a model seat is filled once per route of the workspace, and by nobody without one. */
  private async seatsOf(turn: Turn, manifest: PanelManifest): Promise<Seat[]> {
    const seats: Seat[] = [];
    for (const seat of manifest.seats) {
      if (seat.agent === 'llm') {
        for (const route of await this.parts.models.routes(turn)) {
          const voter = await this.parts.signer.voterOf(actorOf(turn), `llm/${route.id}@${seat.version}`);
          seats.push({
            ...seatBase(seat),
            seat: `${seat.seat}:${route.id}`,
            family: route.family,
            voterId: voter.voterId,
            model: route.id,
          });
        }
        continue;
      }
      assertShipped(seat);
      if (seat.kind === 'gate') seats.push(seatBase(seat));
      else
        seats.push({
          ...seatBase(seat),
          voterId: (await this.parts.signer.voterOf(actorOf(turn), `${seat.agent}/${seat.seat}@${seat.version}`))
            .voterId,
        });
    }
    return seats;
  }
}

const seatBase = ({ seat, kind, agent, family, version }: PanelSeat): Seat => ({ seat, kind, agent, family, version });

/**
 * Two or more jurors that could be swayed by each other vote sealed, whatever the manifest says. Asked in waves they vote
 * in the open, as the next wave hangs on what the last one said; consensus shows no ballot of it before the end.
 */
function secrecyOf(manifest: PanelManifest, seats: readonly Seat[]): 'open' | 'sealed' {
  if (manifest.early_stop) return 'open';
  return seats.filter((seat) => seat.agent === 'llm').length >= 2 ? 'sealed' : manifest.secrecy;
}

/** A panel that wants another version than this bundle ships must not be judged by the wrong one. */
function assertShipped(seat: PanelSeat): void {
  const shipped =
    seat.agent === 'check' ? CHECKS.find((check) => check.id === seat.seat)?.version : PROGRAM_VERSIONS[seat.agent];
  if (shipped !== seat.version)
    throw new JuryError(
      `the panel asks for ${seat.seat} version ${seat.version}; this platform ships ${shipped ?? 'none'}`,
    );
}

/** Where the panel was named, with the commit that was looked at: `verify` compares it with the branch. */
export function sourceOf(jury: Jury | undefined, { panel, target }: Wishes): string {
  return jurySourceText({ by: jury ? 'jury' : panel === undefined ? 'default' : 'request', commit: target });
}

/** What readers of the receipt must know about how the panel came to judge this. */
export function noticesOf({ files, limits }: Pick<Change, 'files' | 'limits'>, jury: Jury | undefined, wishes: Wishes) {
  const { panel, test } = wishes;
  return [
    ...(files.some(({ path }) => path.startsWith('.conclave/'))
      ? ['The change edits .conclave/: it was judged by the jury of the target branch.']
      : []),
    ...(jury && panel !== undefined && panel !== jury.panel
      ? [`--panel was ignored: the target branch names the panel ${jury.panel}.`]
      : []),
    ...(jury?.tests && test !== undefined ? ['--test was ignored: the target branch names the test command.'] : []),
    ...(!jury?.tests && test !== undefined ? ['The test command is the request’s: the target branch names none.'] : []),
    ...unreadNotices(limits),
  ];
}

/** One notice for each kind of limit, however many files ran into it: a decision takes twenty. */
export function unreadNotices(limits: readonly LimitHit[]): string[] {
  return [...Map.groupBy(limits, ({ limit }) => limit)].map(([limit, hits]) => {
    const { max, seen } = hits.reduce((a, b) => (b.seen > a.seen ? b : a));
    const path = hits.find((hit) => hit.path !== undefined)?.path;
    const example = path === undefined ? '' : `, such as ${path.slice(0, 200).toWellFormed()}`;
    return `Not everything was read (${limit}: ${max} of ${seen}${hits.length > 1 ? `, ${hits.length} times` : ''}${example}).`;
  });
}
