/**
 * State machines as data: the table is the truth, types, checks, sets of states and diagrams are derived from it.
 */

/** Where each event leads from a state; with more than one state, what the row remembers says which. */
export type Transitions<S extends string, E extends string> = Readonly<
  Record<S, Readonly<Partial<Record<E, S | readonly [S, ...S[]]>>>>
>;

/** One arrow of a machine. */
export interface Arrow<S extends string, E extends string> {
  readonly from: S;
  readonly event: E;
  readonly to: S;
}

export class IllegalTransition extends Error {
  override readonly name = 'IllegalTransition';
  constructor(
    readonly state: string,
    readonly event: string,
  ) {
    super(`no transition from ${state} on ${event}`);
  }
}

/**
 * The state after `event`; of several, the one that is remembered.
 *
 * @throws IllegalTransition when the table has none, or not that one
 */
export function nextState<S extends string, E extends string>(
  table: Transitions<S, E>,
  state: S,
  event: E,
  remembered?: S,
): S {
  const [next, ...others] = arrowsFrom(table, state, event);
  if (next === undefined) throw new IllegalTransition(state, event);
  if (others.length === 0) return next;
  if (remembered === undefined || ![next, ...others].includes(remembered)) throw new IllegalTransition(state, event);
  return remembered;
}

/** The states out of which `event` leads. */
export const statesBefore = <S extends string, E extends string>(table: Transitions<S, E>, event: E): readonly S[] =>
  statesOf(table).filter((state) => table[state][event] !== undefined);

/** A state nothing leads out of. */
export const isTerminal = <S extends string, E extends string>(table: Transitions<S, E>, state: S): boolean =>
  Object.keys(table[state]).length === 0;

export const statesOf = <S extends string>(table: Readonly<Record<S, unknown>>): readonly S[] =>
  Object.keys(table) as S[];

/** All that the table has. */
export const arrowsOf = <S extends string, E extends string>(table: Transitions<S, E>): readonly Arrow<S, E>[] =>
  statesOf(table).flatMap((from) =>
    (Object.keys(table[from]) as E[]).flatMap((event) =>
      arrowsFrom(table, from, event).map((to) => ({ from, event, to })),
    ),
  );

const arrowsFrom = <S extends string, E extends string>(table: Transitions<S, E>, state: S, event: E): readonly S[] => {
  const to: S | readonly S[] | undefined = table[state][event];
  if (to === undefined) return [];
  return typeof to === 'string' ? [to] : to;
};

/** The machine as a Mermaid state diagram, for the docs. */
export const diagramOf = <S extends string, E extends string>(table: Transitions<S, E>): string =>
  ['stateDiagram-v2', ...arrowsOf(table).map(({ from, event, to }) => `  ${from} --> ${to}: ${event}`)].join('\n');
