/** The state tables of run-core as a check that a test database makes of every statement, whoever sends it. */
import { arrowsOf, machines, statesOf, type Transitions } from '@conclave/run-core';

const listed = (items: readonly string[]): string => `(${items.join(', ')})`;
const quoted = (states: readonly string[]): string => listed(states.map((state) => `'${state}'`));

/** For a database with the runtime's schema: what goes from one state to another without an arrow is refused. */
export const DECLARED_ONLY = [
  `create function runtime.undeclared() returns trigger language plpgsql as $$
   begin
     raise exception 'no arrow of % % %', tg_table_name, coalesce('leads from ' || old.state || ' to', 'begins at'), new.state;
   end $$`,
  ...Object.entries<Transitions<string, string>>(machines).flatMap(([table, transitions]) => [
    `create trigger undeclared after update of state on runtime.${table} for each row when (old.state <> new.state
       and (old.state, new.state) not in ${listed(arrowsOf(transitions).map(({ from, to }) => quoted([from, to])))})
     execute function runtime.undeclared()`,
    `create trigger unknown after insert on runtime.${table} for each row
       when (new.state not in ${quoted(statesOf(transitions))}) execute function runtime.undeclared()`,
  ]),
].join(';\n');
