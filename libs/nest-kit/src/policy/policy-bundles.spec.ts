import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { auth, newId, policies, runs, sessions, triggers, type Contract } from '@conclave/contracts';
import type { RequestContext } from '../request-context.js';
import { Cedar } from './cedar.js';
import { PolicyBundles, type Refusal } from './policy-bundles.js';
import { cedarSchema } from './question.js';
import type { PolicySet } from './verdict.js';

const tenantId = newId('tenant');
const forbid = (id: string, when = ''): { id: string; source: string } => ({
  id,
  source: `forbid (principal, action, resource)${when && ` when { ${when} }`};`,
});

function world(first: PolicySet) {
  const state = { set: first, loads: 0, refusals: [] as [Refusal, number][] };
  const bundles = new PolicyBundles({
    load: async () => ((state.loads += 1), state.set),
    record: async (refusal, times) => void state.refusals.push([refusal, times]),
  });
  const judge = (over: Partial<RequestContext> = {}, contract: Contract = runs.createRun, request: object = {}) =>
    bundles.judged(
      contract,
      {
        tenantId,
        workspaceId: newId('workspace'),
        actor: 'prn_1',
        principal: { id: 'prn_1', kind: 'user', name: 'Ada' },
        scopes: new Set(),
        role: 'developer',
        credentialId: newId('apiKey'),
        deadlineAt: 0,
        policies: state.set.digest ?? 'none',
        ...over,
      },
      request,
    );
  const ask = (...asked: Parameters<typeof judge>) =>
    judge(...asked).then(
      () => 'allowed',
      (error: { code?: string; params?: { policies: string[] } }) => error.params?.policies ?? error.code,
    );
  return { state, ask, judge };
}

describe('policies of a tenant', () => {
  it('cost a tenant without any nothing: nobody is asked', async () => {
    const { state, ask } = world({ digest: 'd', policies: [forbid('all')] });
    expect(await ask({ policies: undefined })).toBe('allowed');
    expect(await ask({ principal: undefined })).toBe('allowed');
    expect(state.loads).toBe(0);
  });

  it('forbid by principal, role, action, workspace, credential, operation and what the request names', async () => {
    const { ask } = world({
      digest: 'd',
      policies: [
        { id: 'person', source: 'forbid (principal == Principal::"prn_9", action, resource);' },
        { id: 'role', source: 'forbid (principal in Role::"release-manager", action, resource);' },
        { id: 'action', source: 'forbid (principal, action == Action::"member:manage", resource);' },
        { id: 'one', source: 'forbid (principal, action, resource == Run::"run_7");' },
        forbid('place', 'context.workspace == "wsp_7"'),
        forbid('way', 'context.credential == "sign-in"'),
        forbid('program', 'context.credential == "access-token"'),
        forbid('fork', 'context.operation == "runtime.v1.run.fork"'),
        forbid('agent', 'resource has agents && resource.agents.contains("command")'),
        forbid('robot', 'principal.kind == "agent"'),
      ],
    });
    const by = { id: 'prn_1', kind: 'user', name: '' };
    expect(await ask({}, runs.createRun, { agent: 'model' })).toBe('allowed');
    expect(await ask({ principal: { ...by, id: 'prn_9' } })).toEqual(['person']);
    expect(await ask({ principal: { ...by, kind: 'agent' } })).toEqual(['robot']);
    expect(await ask({ role: 'release-manager' })).toEqual(['role']);
    expect(await ask({}, auth.addMember, { role: 'viewer' })).toEqual(['action']);
    expect(await ask({}, runs.pauseRun, { id: 'run_7' })).toEqual(['one']);
    expect(await ask({ workspaceId: 'wsp_7' })).toEqual(['place']);
    expect(await ask({ credentialId: newId('signIn') })).toEqual(['way']);
    expect(await ask({ credentialId: newId('grant') })).toEqual(['program']);
    expect(await ask({}, runs.forkRun, { id: 'run_1' })).toEqual(['fork']);
    expect(await ask({ workspaceId: 'wsp_7' }, runs.createRun, { agent: 'command' })).toEqual(['agent', 'place']);
    const tasks = [{ agent: 'timer' }, { agent: 'command' }];
    expect(await ask({}, runs.createRun, { tasks })).toEqual(['agent']);
    expect(await ask({}, triggers.createTrigger, { run: { tasks } })).toEqual(['agent']);
    expect(await ask({}, sessions.createSession, { agent: { agent: 'command' } })).toEqual(['agent']);
  });

  it('forbid when they fail, and never stand above who manages them', async () => {
    const { ask } = world({ digest: 'd', policies: [forbid('broken', '9223372036854775807 + 1 > 0')] });
    expect(await ask()).toEqual(['broken']);
    const all = world({ digest: 'd', policies: [forbid('all')] });
    expect(await all.ask({}, policies.putPolicy, { id: 'x' })).toBe('allowed');
    expect(await all.ask({}, auth.getMe)).toEqual(['all']);
  });

  it('are asked for once, again when a token names others, and an older token is held to the newer ones', async () => {
    const { state, ask } = world({ digest: 'one', policies: [forbid('first')] });
    expect(await Promise.all([ask(), ask(), ask()])).toEqual([['first'], ['first'], ['first']]);
    expect(state.loads).toBe(1);
    state.set = { digest: 'two', policies: [forbid('second')] };
    expect(await ask({ policies: 'one' })).toEqual(['first']);
    expect(await ask()).toEqual(['second']);
    expect([await ask({ policies: 'one' }), await ask(), await ask({ policies: 'one' })]).toEqual([
      ['second'],
      ['second'],
      ['second'],
    ]);
    expect(state.loads).toBe(3);
    state.set = { policies: [] };
    expect(await ask({ policies: 'three' })).toBe('allowed');
  });

  it('of one tenant are never asked about another, however many there are', async () => {
    const bundles = new PolicyBundles({
      load: async (id) => ({ digest: `d ${id}`, policies: [forbid('own', `context.workspace == "${id}"`)] }),
      record: async () => undefined,
    });
    const refused = (tenant: string, workspaceId: string): Promise<boolean> =>
      bundles
        .judged(auth.getMe, { ...ctx, tenantId: tenant, workspaceId, policies: `d ${tenant}` } as RequestContext, {})
        .then(
          () => false,
          () => true,
        );
    const ctx = { principal: { id: 'p', kind: 'user', name: '' }, scopes: new Set(), deadlineAt: 0, actor: 'p' };
    const tenants = Array.from({ length: 230 }, (_, n) => `t${n}`);
    for (const round of [tenants, tenants.toReversed()])
      for (const [n, id] of round.entries())
        expect([await refused(id, id), await refused(id, round[n - 1] ?? '')]).toEqual([true, false]);
  });

  it('are named where they had a say, with the version that decided', async () => {
    const about = (id: string, action: string, when = '') => ({
      id,
      source: `forbid (principal, action ${action}, resource)${when && ` when { ${when} }`};`,
    });
    const { state, judge, ask } = world({
      ...{ digest: 'one', bundle: '1+0' },
      policies: [
        about('all', '', 'context.workspace == "wsp_7"'),
        about('creating', '== Action::"run:create"', 'context.workspace == "wsp_8"'),
        about('members', 'in [Action::"member:read", Action::"member:manage"]'),
      ],
    });
    const verdict = { bundle: '1+0', by: ['role:developer'] };
    const said = async (...asked: Parameters<typeof judge>) => (await judge(...asked)).verdict;
    expect(await said({ verdict })).toEqual({ ...verdict, passed: ['all', 'creating'] });
    expect(await said({ verdict }, runs.pauseRun)).toEqual({ ...verdict, passed: ['all'] });
    expect(await said({ verdict, policies: undefined })).toEqual(verdict);
    expect(await said({ verdict }, policies.putPolicy, { id: 'x' })).toEqual(verdict);
    expect(await said()).toBeUndefined();
    expect(await ask({ verdict, workspaceId: 'wsp_8' })).toEqual(['creating']);
    expect(state.refusals[0]![0].verdict).toEqual({ bundle: '1+0', by: ['policy:creating'] });
    state.set = { digest: 'two', bundle: '2+0', policies: [forbid('other', 'context.workspace == "wsp_7"')] };
    await judge({ verdict: { ...verdict, bundle: '2+0' } });
    expect(await said({ verdict, policies: 'one' })).toEqual({ ...verdict, bundle: '2+0', passed: ['other'] });
  });

  it('are recorded when they refuse: each kind of refusal once, and then by its number', async () => {
    const { state, ask } = world({ digest: 'd', policies: [forbid('all')] });
    for (let n = 0; n < 5; n++) expect(await ask()).toEqual(['all']);
    await ask({}, auth.getMe);
    expect(
      state.refusals.map(([{ operation, policies: by, principal }, times]) => [operation, by, principal, times]),
    ).toEqual([
      ['runtime.v1.run.create', ['all'], 'prn_1', 1],
      ['auth.v1.me.get', ['all'], 'prn_1', 1],
    ]);
  });
});

describe('cedar', () => {
  it('takes the schema that follows from the contracts, with what requests name', () => {
    const answer = new Cedar().use((cedar) => cedar.schemaToText(cedarSchema()));
    expect(answer.type).toBe('success');
    expect(answer.type === 'success' && answer.text).toMatch(/entity Run = \{[^}]*agents\?: Set<__cedar::String>/);
    expect(JSON.stringify(cedarSchema())).not.toContain('policy:manage');
  });

  it('is fresh again after its module trapped, without code made from strings', () => {
    const program = `
      const { Cedar } = await import(${JSON.stringify(join(import.meta.dirname, 'cedar.js'))});
      const cedar = new Cedar();
      const parse = (n) => cedar.use((m) => m.policyToJson('forbid (principal, action, resource) when { ' + '('.repeat(n) + 'true' + ')'.repeat(n) + ' };').type);
      const tried = [1, 3000, 1].map((n) => { try { return parse(n); } catch (error) { return error.name; } });
      process.stdout.write(tried.join(' '));`;
    const flags = ['--disallow-code-generation-from-strings', '--disable-proto=delete', '--input-type=module', '-e'];
    expect(execFileSync(process.execPath, [...flags, program], { encoding: 'utf8' })).toMatch(
      /^success R\w+Error success$/,
    );
  });
});
