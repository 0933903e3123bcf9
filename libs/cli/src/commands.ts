/** All commands, in the order and under the titles they are told. */
import type { Entry, Group } from './command.js';
import { accessReviewsGroup } from './commands/access-reviews.js';
import { admin } from './commands/admin.js';
import { agentsGroup } from './commands/agents.js';
import { answer } from './commands/answer.js';
import { api } from './commands/api.js';
import { audit } from './commands/audit.js';
import { budgetsGroup } from './commands/budgets.js';
import { capsGroup } from './commands/caps.js';
import { completionOf } from './commands/completion.js';
import { connectionsGroup } from './commands/connections.js';
import { cancel, pause, resume, steer } from './commands/control.js';
import { decide } from './commands/decide.js';
import { decisions } from './commands/decisions.js';
import { doctor } from './commands/doctor.js';
import { fork } from './commands/fork.js';
import { hook } from './commands/hook.js';
import { init } from './commands/init.js';
import { login } from './commands/login.js';
import { logout } from './commands/logout.js';
import { groupsGroup, invitationsGroup, keysGroup, membersGroup, workspacesGroup } from './commands/members.js';
import { modelsGroup } from './commands/models.js';
import { packagesGroup } from './commands/packages.js';
import { policiesGroup, rolesGroup } from './commands/policies.js';
import { profiles } from './commands/profiles.js';
import { receipt } from './commands/receipt.js';
import { replay } from './commands/replay.js';
import { review } from './commands/review.js';
import { run } from './commands/run.js';
import { runsGroup, sessionsGroup, triggersGroup, usage } from './commands/runs.js';
import { secretsGroup } from './commands/secrets.js';
import { breakGlassGroup, programsGroup, signInsGroup } from './commands/sign-ins.js';
import { status } from './commands/status.js';
import { verify } from './commands/verify.js';
import { voterKeysGroup } from './commands/voter-keys.js';
import { waive } from './commands/waive.js';
import { watch } from './commands/watch.js';
import { webhooksGroup } from './commands/webhooks.js';
import { whoami } from './commands/whoami.js';

export const parts: readonly (readonly [string, readonly Entry[]])[] = [
  ['Judge changes', [init, review, verify, waive, hook, receipt]],
  ['Decide', [decisions, decide, voterKeysGroup]],
  ['Run agents', [run, status, watch, answer, pause, resume, cancel, steer, fork, replay]],
  [
    'What runs',
    [
      runsGroup,
      agentsGroup,
      sessionsGroup,
      triggersGroup,
      budgetsGroup,
      capsGroup,
      modelsGroup,
      usage,
      packagesGroup,
      webhooksGroup,
    ],
  ],
  [
    'Who may what',
    [
      ...[membersGroup, invitationsGroup, workspacesGroup, groupsGroup, rolesGroup, policiesGroup, keysGroup],
      ...[secretsGroup, connectionsGroup, programsGroup, signInsGroup, accessReviewsGroup, breakGlassGroup],
    ],
  ],
  ['Operate', [audit, admin, doctor, api]],
  ['This command', [login, logout, whoami, profiles, completionOf(() => root)]],
];

export const root: Group = {
  name: 'conclave',
  summary: 'panels judge changes, agents run',
  commands: parts.flatMap(([, entries]) => entries),
};
