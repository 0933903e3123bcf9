import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  IllegalTransition,
  arrowsOf,
  diagramOf,
  isTerminal,
  nextState,
  retryDelayMs,
  runTransitions,
  statesBefore,
  statesOf,
  turnTransitions,
  type RunState,
  type RunTransition,
} from './index.js';
import { stateMachinesPage } from './state-machines.js';

const events: RunTransition[] = ['start', 'park', 'wake', 'pause', 'resume', 'complete', 'fail', 'cancel', 'expire'];

describe('state machines', () => {
  it('never leaves a terminal state, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...events), fc.constantFrom(...statesOf(runTransitions)))),
        (sequence) => {
          let state: RunState = 'queued';
          for (const [event, remembered] of sequence) {
            const isDeclared = arrowsOf(runTransitions).some(
              (arrow) =>
                arrow.from === state && arrow.event === event && (event !== 'resume' || arrow.to === remembered),
            );
            if (!isDeclared) {
              expect(() => nextState(runTransitions, state, event, remembered)).toThrow(IllegalTransition);
              continue;
            }
            expect(isTerminal(runTransitions, state)).toBe(false);
            state = nextState(runTransitions, state, event, remembered);
          }
        },
      ),
    );
  });

  it('goes back only to where it is remembered to have been', () => {
    expect(nextState(runTransitions, 'paused', 'resume', 'parked')).toBe('parked');
    expect(() => nextState(runTransitions, 'paused', 'resume')).toThrow(IllegalTransition);
    expect(() => nextState(runTransitions, 'paused', 'resume', 'failed')).toThrow(IllegalTransition);
  });

  it('says out of which states an event leads', () => {
    expect(statesBefore(turnTransitions, 'supersede')).toEqual(['ready', 'running', 'paused']);
  });

  it('can end from every state that has not ended', () => {
    for (const state of statesOf(runTransitions))
      if (!isTerminal(runTransitions, state)) expect(nextState(runTransitions, state, 'cancel')).toBe('canceled');
  });

  it('draws every transition of the table and no other', () => {
    const edges = diagramOf(turnTransitions).split('\n').slice(1);
    expect(edges).toContain('  ready --> running: claim');
    expect(edges).toHaveLength(Object.values(turnTransitions).flatMap((out) => Object.keys(out)).length);
  });

  it('are drawn in docs/state-machines.md; if not: node libs/run-core/bin/generate.mjs', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/state-machines.md'), 'utf8');
    const [own, decision] = stateMachinesPage('DRAWN').split('DRAWN');
    expect(page.startsWith(own!)).toBe(true);
    expect(page.endsWith(decision!)).toBe(true);
  });
});

describe('retry schedule', () => {
  const schedule = { firstMs: 200, factor: 2, maxMs: 10_000 };

  it('grows, stays within its bounds and never exceeds its maximum', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (failures, random) => {
          const delay = retryDelayMs(schedule, failures, random);
          expect(delay).toBeGreaterThanOrEqual(100);
          expect(delay).toBeLessThanOrEqual(10_000);
          expect(retryDelayMs(schedule, failures + 1, random)).toBeGreaterThanOrEqual(delay);
        },
      ),
    );
  });
});
