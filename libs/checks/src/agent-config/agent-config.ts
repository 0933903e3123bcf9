/** Files that tell agents, editors and Git what to run or to believe: read them as code that runs on every desk. */
import { runsUnseenCode } from '../source/remote-code.js';
import { canonicalFindings, type Check, type Finding, type Severity } from '../check.js';
import type { Change, FileChange } from '../change.js';
import { addedLines, net, removedLines, textFiles, type TouchedLine } from '../source/introduced.js';

interface Kind {
  rule: string;
  path: RegExp;
  message: string;
}

const kinds: readonly Kind[] = [
  {
    rule: 'jury',
    path: /^\.conclave\//,
    message: 'the change edits its own jury: it is judged by the jury of the target branch',
  },
  {
    rule: 'agent-instructions',
    path: /(^|\/)(AGENTS?|CLAUDE|GEMINI|CODEX|WARP|CONVENTIONS)(\.local)?\.md$|(^|\/)(\.cursorrules|\.windsurfrules|\.clinerules|\.goosehints|\.aider\.conf\.yml|llms\.txt)$|(^|\/)\.(cursor|windsurf|clinerules|roo|kiro|junie|amazonq|continue)\/|(^|\/)\.github\/(copilot-instructions\.md|instructions\/|prompts\/|agents\/|chatmodes\/)/,
    message: 'what agents are told in this repository changes',
  },
  {
    rule: 'agent-settings',
    path: /(^|\/)\.(claude|codex|gemini|agents|opencode)\/|(^|\/)\.?mcp\.json$|(^|\/)\.(vscode|cursor)\/mcp\.json$|(^|\/)\.claude\.json$/,
    message: 'what agents may do or run in this repository changes',
  },
  {
    rule: 'git-hook',
    path: /(^|\/)\.(husky|githooks|git-hooks|hooks)\/|(^|\/)hooks\/(pre|post|commit|prepare)-[a-z-]+$|(^|\/)(\.?lefthook(-local)?\.ya?ml|\.pre-commit-(config|hooks)\.yaml|\.gitmodules|\.gitattributes)$/,
    message: 'what Git runs or fetches on everyone’s machine changes',
  },
  {
    rule: 'editor-task',
    path: /(^|\/)\.vscode\/(tasks|launch|settings|extensions)\.json$|(^|\/)\.devcontainer(\.json$|\/)|(^|\/)devcontainer\.json$|(^|\/)\.idea\/(runConfigurations|externalDependencies)|(^|\/)(\.envrc|\.gitpod\.yml|\.zed\/tasks\.json)$/,
    message: 'what an editor or container runs when this repository is opened changes',
  },
];

/** Settings that hand over the machine; matched in files of the kinds above only. */
const dangers: readonly { rule: string; pattern: Pick<RegExp, 'test'>; message: string }[] = [
  {
    rule: 'unattended-agent',
    pattern:
      /dangerously[-_]?skip[-_]?permissions|bypassPermissions|"?(?:enableAllProjectMcpServers|autoApprove(?:All)?|yolo)"?\s*[:=]\s*true|approval[-_]policy\s*[:=]\s*"?never|danger-full-access|chat\.tools\.(?:global\.)?autoApprove"?\s*:\s*true|"Bash(?:\((?::?\*)?\))?"\s*[,\]]/i,
    message: 'agents get to run anything without being asked',
  },
  {
    rule: 'runs-on-open',
    pattern: /"runOn"\s*:\s*"folderOpen"|"initializeCommand"\s*:|task\.allowAutomaticTasks"?\s*:\s*"?on/,
    message: 'a command runs as soon as the folder is opened',
  },
  {
    rule: 'remote-code',
    pattern: { test: runsUnseenCode },
    message: 'code from the network or an encoded blob is run',
  },
  {
    rule: 'unsafe-submodule',
    pattern: /^\s*(?:url|path)\s*=\s*(?:-|ext::|fd::)/,
    message: 'a submodule address is read as an option or runs a command',
  },
  {
    rule: 'instruction-override',
    pattern:
      /\b(?:ignore|disregard|forget)\s+(?:all\s+|any\s+)?(?:the\s+)?(?:previous|prior|above|earlier|other)\s+(?:instructions|rules|guidelines)|\bdo not (?:tell|inform|mention (?:this|it) to)\s+(?:the\s+)?(?:user|human|reviewer|developer)|\b(?:without telling|hide (?:this|it) from)\s+(?:the\s+)?(?:user|human|reviewer)/i,
    message: 'agents are told to disobey or to conceal',
  },
];

export const agentConfig: Check = {
  id: 'agent-config',
  version: '1.0.0',
  family: 'conclave',
  title: 'Agent configuration',
  description:
    'Tells changes to what agents, editors and Git hooks are told to do, to the jury itself, and tree entries that no honest Git writes.',
  limits:
    'Knows the files of common agents and editors by name. That a file changed is a warning; only settings that hand over the machine, instructions to disobey, and unsafe tree entries are errors. Instructions are not understood, only a few phrases are recognised.',
  reads: ({ path }) => kindOf(path) !== undefined,
  run(change) {
    return {
      applies: true,
      findings: canonicalFindings([...touched(change), ...dangerous(change), ...unsafe(change)]),
    };
  },
};

const kindOf = (path: string): Kind | undefined => kinds.find((kind) => kind.path.test(path));

function touched(change: Change): Finding[] {
  return change.files.flatMap((file) => {
    const kind = kindOf(file.path) ?? (file.oldPath ? kindOf(file.oldPath) : undefined);
    if (!kind) return [];
    return [finding(file, kind.rule, 'warning', kind.message, Math.max(1, file.hunks[0]?.newStart ?? 1))];
  });
}

function dangerous(change: Change): Finding[] {
  const views = textFiles(change, (path) => kindOf(path) !== undefined);
  const matches = (line: TouchedLine): (Finding & { signature: string })[] =>
    dangers
      .filter(({ pattern }) => pattern.test(line.text))
      .map(({ rule, message }) => ({
        ...finding(line.view.file, rule, 'error', message, line.line),
        signature: `${rule} ${line.text.trim()}`,
      }));
  const left = net(
    views.flatMap((view) => addedLines(view).flatMap(matches)),
    views.flatMap((view) => removedLines(view).flatMap(matches)),
  );
  return left.added.map(({ path, line, rule, severity, message }) => ({ path, line, rule, severity, message }));
}

/** Entries that write outside the tree when checked out, and links that lead out of it. */
function unsafe(change: Change): Finding[] {
  return change.files
    .filter(({ status }) => status !== 'deleted')
    .flatMap((file) => {
      const segments = file.path.split('/');
      if (segments.some((segment) => segment === '..' || segment === '' || /^(\.git|git~1)[ .]*$/i.test(segment))) {
        return [
          finding(
            file,
            'unsafe-path',
            'error',
            'the tree has an entry that would be written outside of it or into .git',
          ),
        ];
      }
      if (file.newMode === '120000' && leavesTree(segments, file.after ?? '')) {
        return [finding(file, 'symlink-outside', 'warning', 'a symbolic link leads out of the repository')];
      }
      return file.newMode === '160000' && file.oldMode !== '160000'
        ? [
            finding(
              file,
              'submodule',
              'warning',
              'another repository is embedded: its content is not part of this review',
            ),
          ]
        : [];
    });
}

function leavesTree(link: readonly string[], target: string): boolean {
  if (target.startsWith('/') || /^[A-Za-z]:/.test(target)) return true;
  let depth = link.length - 1;
  return target.split('/').some((segment) => {
    depth += segment === '..' ? -1 : segment === '.' || segment === '' ? 0 : 1;
    return depth < 0;
  });
}

const finding = (
  { path, status }: FileChange,
  rule: string,
  severity: Severity,
  message: string,
  line = 1,
): Finding => ({
  path,
  line: status === 'deleted' ? 1 : line,
  rule,
  severity,
  message,
});
