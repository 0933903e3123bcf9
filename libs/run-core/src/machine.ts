/**
 * State machines as data: the table is the truth, types, checks and diagrams are derived from it.
 */

export type Transitions<S extends string, E extends string> = Readonly<Record<S, Readonly<Partial<Record<E, S>>>>>;

export class IllegalTransition extends Error {
  override readonly name = 'IllegalTransition';
  constructor(
    readonly state: string,
    readonly event: string,
  ) {
    super(`no transition from ${state} on ${event}`);
  }
}

/** The state after `event`. @throws IllegalTransition when the table has none */
export function nextState<S extends string, E extends string>(table: Transitions<S, E>, state: S, event: E): S {
  const next = table[state][event];
  if (next === undefined) throw new IllegalTransition(state, event);
  return next;
}

/** A state nothing leads out of. */
export const isTerminal = <S extends string, E extends string>(table: Transitions<S, E>, state: S): boolean =>
  Object.keys(table[state]).length === 0;

/** The machine as a Mermaid state diagram, for the docs. */
export function diagramOf<S extends string, E extends string>(table: Transitions<S, E>): string {
  const edges = (Object.entries(table) as [S, Partial<Record<E, S>>][]).flatMap(([from, out]) =>
    Object.entries(out).map(([event, to]) => `  ${from} --> ${String(to)}: ${event}`),
  );
  return ['stateDiagram-v2', ...edges].join('\n');
}
