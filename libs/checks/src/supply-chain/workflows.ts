/** Pipelines: what they run, with which rights, on whose behalf. */
import type { Change } from '../change.js';
import type { Finding, Severity } from '../check.js';
import { isCi } from '../source/file-kind.js';
import { addedLines, type FileView, net, removedLines, textFiles, type TouchedLine } from '../source/introduced.js';

interface Risk {
  rule: string;
  severity: Severity;
  message: string;
  /** What makes two occurrences the same; two uses of one action are one habit, whatever the tag. */
  key: string;
}

const untrusted =
  /\$\{\{[^}]*github\.(?:event\.(?:issue|pull_request|comment|review|discussion|head_commit|commits)[^}]*\.(?:title|body|message|ref|label|name|email)|head_ref)\b[^}]*\}\}/;
const headCheckout =
  /\bref:\s*['"]?\$\{\{[^}]*(?:github\.event\.pull_request\.head\.|github\.head_ref|pull_request\.merge_commit_sha|refs\/pull\/)/;

/** Whether pipelines are part of the change. */
export const touchesPipelines = (change: Change): boolean => change.files.some(({ path }) => isCi(path));

export function workflowFindings(change: Change): Finding[] {
  const views = textFiles(change, isCi);
  const found = (
    lines: (view: FileView) => TouchedLine[],
  ): (Risk & { path: string; line: TouchedLine; signature: string })[] =>
    views.flatMap((view) =>
      lines(view).flatMap((line) =>
        risksOn(line).map((risk) => ({ ...risk, path: view.path, line, signature: `${risk.rule} ${risk.key}` })),
      ),
    );
  const left = net(found(addedLines), found(removedLines));
  const lines = left.added.map(({ path, line, rule, severity, message }) => ({
    path,
    line: line.line,
    rule,
    severity,
    message,
  }));
  return [...lines, ...views.flatMap(privilegedCheckout)];
}

function risksOn({ text, code, view }: TouchedLine): Risk[] {
  if (!code.trim()) return [];
  const risks: Risk[] = [];
  const [, action, ref] = /\buses:\s*['"]?([\w.-]+\/[\w./-]+)@([^\s'"#]+)/.exec(text) ?? [];
  if (action && ref && !/^[0-9a-f]{40}$/.test(ref) && !/^(?:actions|github)\//.test(action)) {
    const branch = /^(?:main|master|dev|develop|trunk|HEAD|latest|next)$/i.test(ref);
    const message = branch
      ? `${action}@${ref} runs whatever that branch holds on the day`
      : `${action}@${ref} is a tag that can be moved: pin the commit`;
    risks.push({ rule: 'unpinned-action', severity: 'warning', message, key: action });
  }
  if (/\buses:\s*['"]?docker:\/\/(?!\S*@sha256:)/.test(text))
    risks.push({
      rule: 'unpinned-action',
      severity: 'warning',
      message: 'the image is not pinned by its digest',
      key: 'docker',
    });
  if (/^\s*permissions\s*:\s*['"]?write-all\b/.test(text))
    risks.push({
      rule: 'broad-permissions',
      severity: 'error',
      message: 'the job may write everything: name the permissions it needs',
      key: '',
    });
  if (/\bsecrets\s*:\s*inherit\b/.test(text))
    risks.push({
      rule: 'broad-permissions',
      severity: 'warning',
      message: 'all secrets are handed to another workflow',
      key: 'inherit',
    });
  if (untrusted.test(text) && inScript(view, text))
    risks.push({
      rule: 'script-injection',
      severity: 'error',
      message: 'text that any contributor writes is pasted into a script: pass it through env',
      key: text.trim(),
    });
  if (/^\s*(?:-\s*)?(?:include|remote)\s*:\s*['"]?https?:\/\//.test(text))
    risks.push({
      rule: 'remote-pipeline',
      severity: 'warning',
      message: 'the pipeline is taken from another address',
      key: text.trim(),
    });
  return risks;
}

/** Whether an expression stands in a `run:` or `script:` rather than in `env:`, `with:` or `if:`. */
function inScript(view: FileView, text: string): boolean {
  if (/^\s*(?:-\s*)?(?:run|script)\s*:/.test(text)) return true;
  if (/^\s*(?:-\s*)?[\w-]+\s*:\s/.test(text)) return false;
  const at = view.after.findIndex((line) => line.text === text);
  const indent = (line: string): number => /^\s*/.exec(line)?.[0].length ?? 0;
  const parent = view.after
    .slice(0, Math.max(0, at))
    .findLast((line) => line.text.trim() && indent(line.text) < indent(text));
  return /^\s*(?:-\s*)?(?:run|script|inlineScript)\s*:/.test(parent?.text ?? '');
}

/** `pull_request_target` gives a stranger's change the repository's secrets once its head is checked out. */
function privilegedCheckout(view: FileView): Finding[] {
  const triggers = (lines: FileView['after']): number =>
    lines.findIndex(({ code }) => /\b(?:pull_request_target|workflow_run)\b/.test(code));
  const checkouts = (lines: FileView['after']): number => lines.findIndex(({ text }) => headCheckout.test(text));
  const [trigger, checkout] = [triggers(view.after), checkouts(view.after)];
  if (trigger < 0) return [];
  if (checkout >= 0 && (triggers(view.before) < 0 || checkouts(view.before) < 0)) {
    return [
      {
        path: view.path,
        line: checkout + 1,
        rule: 'privileged-checkout',
        severity: 'error',
        message: 'a stranger’s code is checked out in a job that holds the repository’s secrets',
      },
    ];
  }
  const isNew = addedLines(view).some(({ number }) => number === trigger + 1) && triggers(view.before) < 0;
  return isNew
    ? [
        {
          path: view.path,
          line: trigger + 1,
          rule: 'privileged-trigger',
          severity: 'warning',
          message: 'the workflow runs with the repository’s secrets on changes by strangers',
        },
      ]
    : [];
}
