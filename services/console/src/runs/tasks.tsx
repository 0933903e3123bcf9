import { runs, type Run } from '@conclave/contracts';
import { Skeleton, Stack } from '@mantine/core';
import { LIVE_MS, usePages, type Listed } from '../api/queries.js';
import { Fold } from '../design/fold.js';
import { Json } from '../design/json.js';
import { Older } from '../design/older.js';
import { Panel } from '../design/panel.js';
import { Refusal } from '../design/refusal.js';
import { Tag } from '../design/tag.js';
import { taskLooks } from '../design/tones.js';
import { isOver } from './run-story.js';
import classes from './tasks.module.css';

type ItemOf<List> = List extends Listed<infer Item> ? Item : never;
type Task = ItemOf<ReturnType<typeof usePages<typeof runs.listTasks>>>;

/** The root of a graph is the run itself, and gives what the run gives. */
const isPart = ({ agent }: Task): boolean => agent !== 'graph';

/** The tasks of a run, with what each gave. */
export function Tasks({ run }: { readonly run: Run }) {
  const list = usePages(runs.listTasks, { id: run.id, limit: 100 }, isOver(run) ? {} : { liveMs: LIVE_MS });
  return (
    <Panel title="Tasks">
      {list.error ? (
        <Refusal error={list.error} onRetry={list.retry} />
      ) : list.items === undefined ? (
        <Skeleton height={96} />
      ) : (
        <Stack gap="md">
          <ul className={classes['tasks']}>
            {list.items.filter(isPart).map((task) => (
              <TaskRow key={task.id} task={task} />
            ))}
          </ul>
          <Older list={list} label="Show more" />
        </Stack>
      )}
    </Panel>
  );
}

function TaskRow({ task: { id, agent, state, dependsOn, result } }: { readonly task: Task }) {
  return (
    <li>
      <div className={classes['line']}>
        <span>
          <strong>{id}</strong> <span className={classes['quiet']}>{agent}</span>
        </span>
        <Tag look={taskLooks[state]} live={state === 'open'} />
      </div>
      {dependsOn.length > 0 && <div className={classes['quiet']}>after {dependsOn.join(', ')}</div>}
      {result !== undefined && (
        <Fold title="What it gave">
          <Json value={result} />
        </Fold>
      )}
    </li>
  );
}
