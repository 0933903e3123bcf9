/** What must hold of what clients of the edge saw, whatever was killed between them and the database. Pure. */
import type { ClientRun, ClientStory, HeardEvent, History } from './history.js';
import { groupBy, type Say } from './history-keys.js';

export function checkClients({ clients, stored }: History, say: Say): void {
  const runs = new Map(stored.clientRuns.map((run) => [run.id, run]));
  const asked = new Set(clients.flatMap(({ created }) => created));
  for (const { id } of stored.clientRuns) if (!asked.has(id)) say('run that no client was told of', id);
  const owners = new Map<string, string>();
  for (const story of clients) {
    for (const fault of story.faults) say('client met a fault', `${story.key}: ${fault}`);
    const [id, ...others] = new Set(story.created);
    if (id === undefined) {
      say('creation never answered', story.key);
      continue;
    }
    if (others.length > 0) say('one creation, two runs', `${story.key}: ${[id, ...others].join()}`);
    if (owners.has(id)) say('two creations, one run', `${story.key} and ${owners.get(id)}: ${id}`);
    owners.set(id, story.key);
    const run = runs.get(id);
    if (!run) {
      say('acknowledged run lost', id);
      continue;
    }
    checkStream(story, run, say);
    checkAnswers(story, run, say);
  }
}

/** Whatever cut its streams, a client heard each event once, in order, and as it is stored. */
function checkStream({ heard }: ClientStory, { id, events }: ClientRun, say: Say): void {
  if (heard.some(({ seq }, at) => seq !== at + 1))
    say('stream with a gap, twice or out of order', `${id}: ${heard.map(({ seq }) => seq).join()}`);
  const text = (event: HeardEvent): string => JSON.stringify([event.seq, event.type, event.data]);
  const stored = new Map(events.map((event) => [event.seq, text(event)]));
  for (const event of heard)
    if (stored.get(event.seq) !== text(event)) say('heard what is not in the story', `${id}: ${text(event)}`);
  if (heard.length < events.length) say('stream ended early', `${id}: ${heard.length} of ${events.length}`);
}

/** Of the answers to a question one is accepted, and that one counts, once; whoever lost was told so. */
function checkAnswers({ answers }: ClientStory, run: ClientRun, say: Say): void {
  if (run.waits.length !== 1) say('not one question was asked', `${run.id}: ${run.waits.length}`);
  const byTask = groupBy(answers, ({ task }) => task);
  for (const { task, state, answer } of run.waits) {
    const all = byTask.get(task) ?? [];
    const accepted = all.filter(({ status }) => status === 200);
    const place = `${run.id}/${task}`;
    if (accepted.length !== 1) say('not one answer was accepted', `${place}: ${accepted.length} of ${all.length}`);
    for (const { status, code } of all)
      if (status !== 200 && !(status === 409 && code === 'runtime.wait.closed'))
        say('loser not told so', `${place}: ${status} ${code}`);
    const [winner] = accepted;
    if (state !== 'answered' || answer !== winner?.answer)
      say('another answer counts than was accepted', `${place}: ${state} ${String(answer)}, not ${winner?.answer}`);
    if (run.result !== winner?.answer)
      say('accepted answer took no effect', `${place}: ${String(run.result)}, not ${winner?.answer}`);
    const told = run.events.filter(({ type, data }) => type === 'task.answered' && data['task'] === task).length;
    if (told !== 1) say('answer not told once', `${place}: ${told} times`);
  }
}
