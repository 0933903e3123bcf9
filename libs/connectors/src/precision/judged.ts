import { type Check, checkById } from '@conclave/checks';
import { readChange } from '../git/read-change.js';
import { type Files, ScratchRepository } from '../scratch/scratch-repository.js';

/** A history made for one question: what stood before, what the change makes of it. */
export interface Story {
  before?: Files;
  after: Files;
  intent?: string;
  message?: string;
  /** Commits before `before`, oldest first. */
  past?: readonly Files[];
}

/** What a check says of a story, one line per finding: `severity rule path:line`; or `abstains: reason`. */
export async function judged(id: string, story: Story): Promise<string[]> {
  const check: Check | undefined = checkById(id);
  if (!check) throw new Error(`there is no check named ${id}`);
  using repo = new ScratchRepository();
  const before = { 'README.md': '# Sample\n', ...story.before };
  const commits = [...(story.past ?? []).map((files) => ({ files })), { files: before }];
  const [base = '', head = ''] = repo
    .grow([...commits, { files: story.after, message: story.message ?? 'change' }])
    .slice(-2);
  const change = await readChange(repo.dir, { base, head, ...(story.intent ? { intent: story.intent } : {}) });
  const result = check.run(change);
  if (!result.applies) return [`abstains: ${result.reason}`];
  return result.findings.map(({ severity, rule, path, line }) => `${severity} ${rule} ${path}:${line}`);
}
