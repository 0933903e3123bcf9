/** What an operator types, against a whole installation: the program, the edge and the services are the real ones. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Constellation } from '../testing/constellation.js';
import { ENDS, Operator, type Ended } from './operator.js';

const REFUSED = ENDS.refused;

function whoMayWhat(operator: () => Operator): void {
  it('makes keys, rotates and revokes them by name, and says plainly what is refused', async () => {
    const o = operator();
    const made = await o.typed('keys create ci --scope self:read,run:read --expires 30d');
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ccl_live_\w+\n$/) });
    const rotated = await o.typed('keys rotate CI --revoke');
    const who = (key: string, line = 'whoami') => o.as(key.trim())(line);
    const [before, after, narrow] = await Promise.all([
      who(made.stdout),
      who(rotated.stdout),
      who(rotated.stdout, 'keys list'),
    ]);
    expect([before.code, before.stderr]).toEqual([REFUSED, expect.stringMatching(/does not know this credential/)]);
    expect(after.stdout).toMatch(/^Administrator \(administrator\) of /);
    expect([narrow.code, narrow.stderr]).toEqual([
      REFUSED,
      expect.stringMatching(/^conclave: this credential does not permit that\n {2}permission: api-key:manage\n/),
    ]);
    const unknown = await o.typed('keys revoke cii');
    expect([unknown.code, unknown.stderr]).toEqual([
      REFUSED,
      'conclave: there is no key called "cii"\n  Did you mean ci?\n',
    ]);
    expect((await o.typed('keys revoke ci --stop-runs')).stdout).toMatch(/^key_\w+ +revoked +ci /);
    expect((await o.typed('keys list --limit 1 --quiet')).stdout).toMatch(/^key_\w+\n$/);
    expect((await o.items('keys list --all')).length).toBeGreaterThan(2);
  }, 60_000);

  it('manages members, roles and policies', async () => {
    const o = operator();
    await o.typed('roles create releaser --permission run:read --permission run:create');
    expect((await o.typed('members add Robot --kind service-account --role viewer')).stdout).toMatch(/ Robot /);
    expect((await o.typed('members set-role robot releaser')).stdout).toMatch(/ releaser +active +Robot/);
    const held = await o.typed('roles delete releaser');
    expect([held.code, held.stderr]).toEqual([REFUSED, expect.stringContaining('Members hold this role')]);
    const wrong = o.file('wrong.cedar', 'forbid (principal, action, resource) when { nothing };');
    const right = o.file(
      'right.cedar',
      'forbid (principal, action == Action::"run:create", resource) when { context.credential == "api-key" };',
    );
    const [invalid, valid] = await Promise.all([
      o.typed(`policies check no-runs ${wrong}`),
      o.typed(`policies check no-runs ${right}`),
    ]);
    expect([invalid.code, invalid.stderr]).toEqual([REFUSED, expect.stringMatching(/cannot be set:\n {2}\d+:\d+: /)]);
    expect(valid.stderr + valid.stdout).toBe('right.cedar could be set as no-runs.\n');
    expect(await o.items('policies list')).toEqual([]);
    expect((await o.typed('members disable Robot')).stdout).toMatch(/disabled +Robot/);
    expect((await o.typed('members add Triage --kind agent --role viewer')).stdout).toMatch(/ agent .* Triage /);
    expect((await o.typed('keys create triage --member Triage')).stdout).toMatch(/^ccl_live_\w+\n$/);
    expect((await o.typed('roles delete releaser')).code).toBe(0);
  }, 60_000);

  it('connects identity providers from a file, and tries them before', async () => {
    const o = operator();
    const settings = { kind: 'oidc', issuer: 'https://idp.invalid', clientId: 'conclave', clientSecret: 'hush' };
    const tried = await o.typed('connections test -', JSON.stringify({ settings }));
    expect([tried.code, tried.stdout]).toEqual([0, expect.stringMatching(/^failed /m)]);
    const made = await o.typed(`connections create ${o.file('idp.yaml', yaml(settings))}`);
    expect([made.code, made.stdout]).toEqual([0, expect.stringMatching(/^con_\w+ +oidc +enabled +Acme IdP/)]);
    expect((await o.typed("connections disable 'acme idp'")).stdout).toMatch(/disabled/);
    const shown = await o.typed("connections show 'Acme IdP'");
    expect(shown.stdout).toMatch(/issuer: https:\/\/idp\.invalid/);
    expect(shown.stdout + made.stdout).not.toContain('hush');
    expect((await o.typed("connections delete 'Acme IdP'")).code).toBe(0);
    expect((await o.typed('connections list')).stdout).toBe(
      'No connections. Begin: conclave connections create FILE\n',
    );
  }, 60_000);
}

function whatRuns(operator: () => Operator): void {
  it('starts runs by triggers, and finds them', async () => {
    const o = operator();
    const trigger =
      'title: nightly\non: {kind: cron, expression: "0 3 * * *"}\nrun: {agent: compose, input: {value: 7}}\n';
    expect((await o.typed(`triggers create ${o.file('nightly.yaml', trigger)}`)).stdout).toMatch(/^id: trg_/);
    const fired = await o.typed('triggers fire nightly --json');
    const { run } = JSON.parse(fired.stdout) as { run: string };
    expect((await o.typed(`watch ${run}`)).stdout).toBe('7\n');
    expect((await o.items('runs list --state completed')).map(({ id }) => id)).toContain(run);
    expect((await o.typed('triggers disable nightly')).stdout).toMatch(/ off /);
    expect((await o.typed('triggers delete nightly')).code).toBe(0);
  }, 60_000);

  it('finds, exports and verifies the log, and ends with the code of what went wrong', async () => {
    const o = operator();
    const found = await o.items('audit list --type api-key. --begin 1h');
    expect(found.map(({ type }) => type)).toContain('api-key.created');
    const vkey = o.platform.log.vkey;
    await o.typed('audit export --out log.jsonl');
    expect(await o.typed(`audit verify log.jsonl --vkey '${vkey}'`)).toMatchObject({ code: 0 });
    expect((await o.typed('audit holds place --reason lawsuit')).stdout).toMatch(/everything .*lawsuit/);
    const [hold] = await o.items('audit holds list');
    expect((await o.typed(`audit holds release ${String(hold!['id'])}`)).code).toBe(0);
    const [away, unknown, wrong, raw] = await Promise.all([
      o.typed('runs list --url http://127.0.0.1:1'),
      o.typed('status run_01h455vb4pex5vsknk084sn02q'),
      o.typed('resume run_1'),
      o.typed('api GET /v1/limits'),
    ]);
    expect([away.code, unknown.code, wrong.code, raw.code]).toEqual([12, REFUSED, REFUSED, 0]);
    expect(unknown.stderr).toContain('List the runs with `conclave runs list`.');
    expect(wrong.stderr).toContain('List ids with: conclave runs list');
  }, 60_000);
}

function severalPlatforms(operator: () => Operator): void {
  it('has operators name tenants, and asks for no name where the answer is no', async () => {
    const o = operator();
    const type = o.as(o.platform.operatorKey);
    expect((await type('admin tenants create Gamma')).stdout).toMatch(/^http.*#/);
    const early = await type('admin tenants erase gamma --reason gone', 'Gamma\n');
    expect([early.code, early.stderr]).toEqual([
      REFUSED,
      expect.stringMatching(/^conclave: Only a suspended tenant can be erased/),
    ]);
    expect((await type('admin tenants suspend GAMMA --reason unpaid')).stdout).toMatch(/suspended +Gamma +unpaid/);
    expect((await type('admin limits set Gamma --max-members 3')).stdout).toMatch(/members +\d+ of 3/);
    const erased = await type('admin tenants erase Gamma --reason gone --yes --name Gamma');
    expect(erased.stdout).toMatch(/^Will be erased /);
    expect((await type('admin tenants cancel-erasure Gamma')).stdout).toMatch(/suspended +Gamma/);
    const person = await type('admin owners add Nobody');
    expect([person.code, person.stderr]).toEqual([
      REFUSED,
      expect.stringContaining('there is no member called "Nobody"'),
    ]);
  }, 60_000);

  it('keeps accounts apart by profiles', async () => {
    const o = operator();
    const nobody = o.as();
    for (const [name, key] of [
      ['one', o.platform.apiKey],
      ['two', o.platform.apiKeyB],
    ] as const)
      await nobody(`login --profile ${name} --url ${o.platform.gateway} --with-api-key`, key);
    const [used, named, stranger] = await Promise.all([
      nobody('whoami --json'),
      nobody('whoami --json --profile one'),
      nobody('whoami --profile three'),
    ]);
    const tenantOf = ({ stdout }: Ended) => (JSON.parse(stdout) as { me: { tenant: { id: string } } }).me.tenant.id;
    expect([tenantOf(used), tenantOf(named)]).toEqual([o.platform.tenantB, o.platform.tenant]);
    expect([stranger.code, stranger.stderr]).toEqual([10, expect.stringContaining('there is no profile "three"')]);
    await nobody('profiles use one');
    expect((await nobody('profiles list')).stdout).toMatch(/^one +in use +key +http.*\ntwo +- +key /);
    expect((await nobody('logout --profile one')).code).toBe(0);
    expect(tenantOf(await nobody('whoami --json'))).toBe(o.platform.tenantB);
  }, 60_000);
}

export function commandLineCases(platform: () => Constellation): void {
  describe('the command line', () => {
    let operator: Operator;
    beforeAll(() => void (operator = new Operator(platform())));
    afterAll(() => operator.leave());
    for (const cases of [whoMayWhat, whatRuns, severalPlatforms]) cases(() => operator);
  });
}

const yaml = (settings: object) => `name: Acme IdP\nsettings: ${JSON.stringify(settings)}\n`;
