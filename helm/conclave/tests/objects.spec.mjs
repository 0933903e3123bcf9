import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chartDir, installations, render, runHelm, site, tryRender } from './chart.mjs';
import { chartFaults, podsOf } from './policy.mjs';

const named = (manifests, kind, suffix) =>
  manifests.find((it) => it.kind === kind && it.metadata.name.endsWith(suffix));
const full = render(installations.full);

describe('scaling and jobs', () => {
  it('leaves replicas to the autoscaler where there is one, and only there', () => {
    const ha = render(installations.ha);
    const scaled = ha
      .filter(({ kind }) => kind === 'HorizontalPodAutoscaler')
      .map(({ spec }) => spec.scaleTargetRef.name);
    expect(scaled).toEqual(['conclave-auth', 'conclave-consensus', 'conclave-gateway', 'conclave-runtime']);
    expect(named(ha, 'Deployment', '-auth').spec).not.toHaveProperty('replicas');
    expect(named(ha, 'Deployment', '-audit').spec.replicas).toBe(3);
    expect(render(installations.eval).some(({ kind }) => kind === 'HorizontalPodAutoscaler')).toBe(false);
  });

  it('scales the runtime on its backlog, where that is asked for, besides CPU', () => {
    const metricsWith = (more) => {
      const autoscaling = { min: 2, max: 9, cpuPercent: 60, ...more };
      const values = { ...site, services: { runtime: { ...site.services.runtime, autoscaling } } };
      return named(render({ values }), 'HorizontalPodAutoscaler', '-runtime').spec.metrics.map(
        ({ resource, external }) => resource ?? external,
      );
    };
    const cpu = { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } };
    expect(metricsWith({})).toEqual([cpu]);
    expect(metricsWith({ backlogPercent: 70 })).toEqual([
      cpu,
      { metric: { name: 'conclave_backlog_ratio' }, target: { type: 'Value', value: '700m' } },
    ]);
  });

  it('runs migrations before anything else, with nothing that is not there yet', () => {
    const job = named(render(installations.default), 'Job', '');
    expect(job.metadata.annotations['helm.sh/hook']).toBe('pre-install,pre-upgrade');
    expect(job.metadata.name).toBe('conclave-migrate');
    expect(job.spec.template.spec).not.toHaveProperty('serviceAccountName');
    expect(JSON.stringify(job.spec)).not.toContain('configMapKeyRef');
  });

  it('names a plain migration job by its content', () => {
    const jobOf = (tag) => {
      const values = { ...installations['gateway-api'].values, image: { ...site.image, tag } };
      return render({ values }).find(({ kind }) => kind === 'Job').metadata;
    };
    expect(jobOf('1.0.0')).toEqual(jobOf('1.0.0'));
    expect(jobOf('1.0.0').name).not.toBe(jobOf('1.0.1').name);
    expect(jobOf('1.0.0').annotations).toBeUndefined();
  });

  it('leaves migrations out where they are run by others', () => {
    const manifests = render({ values: { ...site, migrations: { mode: 'external' } } });
    expect(JSON.stringify(manifests)).not.toContain('migrate');
  });

  it('creates the first tenant with what it is called, quoted', () => {
    const { args, env } = named(full, 'Job', '').spec.template.spec.containers[0];
    expect(args).toEqual(['--if-absent', '--name', 'Acme & Söhne', '--admin', 'Ada', '--operators']);
    expect(env.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'SERVICE',
        'DATABASE_URL',
        'DATABASE_SYSTEM_URL',
        'API_KEY_PEPPER',
        'NODE_EXTRA_CA_CERTS',
      ]),
    );
    expect(env.find(({ name }) => name === 'SERVICE').value).toBe('create-tenant');
    expect(env.find(({ name }) => name === 'PUBLIC_URL').value).toBe('https://conclave.example.com');
  });
});

describe('the self-audit', () => {
  it('runs every night, alone, with the database and the key of audit and nothing else', () => {
    const { spec } = named(full, 'CronJob', '-self-audit');
    expect([spec.schedule, spec.concurrencyPolicy]).toEqual(['17 3 * * *', 'Forbid']);
    const [{ env }] = spec.jobTemplate.spec.template.spec.containers;
    const names = env.map(({ name }) => name);
    const needed = ['SERVICE', 'AUDIT_LOG_HOST', 'AUDIT_SIGNING_KEY', 'DATABASE_URL', 'DATABASE_SYSTEM_URL'];
    expect(names).toEqual(expect.arrayContaining(needed));
    expect(names).not.toContain('NATS_NKEY_SEED');
  });
});

describe('the runtime', () => {
  it('shares one volume between the pods of the runtime, and keeps it on uninstall', () => {
    const claim = named(render(installations.default), 'PersistentVolumeClaim', '-runtime-data');
    expect(claim.spec.accessModes).toEqual(['ReadWriteMany']);
    expect(claim.metadata.annotations['helm.sh/resource-policy']).toBe('keep');
    expect(full.some(({ kind }) => kind === 'PersistentVolumeClaim')).toBe(false);
    const volumes = named(full, 'Deployment', '-runtime').spec.template.spec.volumes;
    expect(volumes.find(({ name }) => name === 'data').persistentVolumeClaim.claimName).toBe('shared');
  });

  it('is replaced, not doubled, where its volume can be mounted once only', () => {
    const runtime = named(render(installations.eval), 'Deployment', '-runtime');
    expect(runtime.spec.strategy).toEqual({ type: 'Recreate' });
  });

  it('gives another seccomp profile to the container with sandboxes alone', () => {
    const custom = podsOf(full).filter(({ spec }) =>
      spec.containers.some((c) => c.securityContext.seccompProfile?.type === 'Localhost'),
    );
    expect(custom.map(({ id }) => id)).toEqual(['Deployment/conclave-runtime']);
    expect(custom[0].spec.securityContext.seccompProfile.type).toBe('RuntimeDefault');
  });

  it('unmasks /proc where asked to, in a user namespace, and breaks no other rule', () => {
    const { values } = installations.full;
    const sandbox = { ...values.services.runtime.sandbox, unmaskedProc: true };
    const env = { WORKER_SLOTS: '1', SANDBOX_MEMORY_BYTES: '1073741824' };
    const services = { ...values.services, runtime: { ...values.services.runtime, sandbox, env } };
    const manifests = render({ values: { ...values, services } });
    expect(chartFaults(manifests, { registry: site.image.registry })).toEqual([
      'Deployment/conclave-runtime/runtime: not so: keeps /proc masked',
    ]);
    expect(
      podsOf(manifests)
        .filter(({ spec }) => spec.hostUsers === false)
        .map(({ id }) => id),
    ).toEqual(['Deployment/conclave-runtime']);
  });

  it('reaps what killed sandboxes leave behind', () => {
    const shared = podsOf(full).filter(({ spec }) => spec.shareProcessNamespace);
    expect(shared.map(({ id }) => id)).toEqual(['Deployment/conclave-runtime']);
  });
});

describe('the edge and the package', () => {
  it('exposes the edge and nothing else', () => {
    const backends = JSON.stringify([
      named(full, 'Ingress', '').spec,
      named(render(installations['gateway-api']), 'HTTPRoute', '').spec,
    ]);
    expect(backends.match(/"conclave-[a-z]+"/g).filter((name) => name !== '"conclave-tls"')).toEqual([
      '"conclave-gateway"',
      '"conclave-gateway"',
    ]);
    expect(full.filter(({ kind, spec }) => kind === 'Service' && spec.type !== 'ClusterIP')).toEqual([]);
  });

  it('tells the edge and auth where people reach them, the edge where owners listen, and consensus where they vote', () => {
    const env = named(full, 'Deployment', '-gateway').spec.template.spec.containers[0].env;
    const valueOf = (wanted) => env.find(({ name }) => name === wanted).value;
    expect(valueOf('PUBLIC_URL')).toBe('https://conclave.example.com');
    expect(valueOf('TRUSTED_PROXY_HOPS')).toBe('1');
    expect(valueOf('RATE_LIMIT_REPLICAS')).toBe('10');
    expect(valueOf('ALLOWED_HOSTS')).toMatch(/^conclave-gateway,conclave-gateway\.(\w+),conclave-gateway\.\1\.svc,/);
    const consensus = named(full, 'Deployment', '-consensus').spec.template.spec.containers[0].env;
    expect(consensus.find(({ name }) => name === 'PASSKEY_ORIGINS').value).toBe('https://conclave.example.com');
    const auth = named(full, 'Deployment', '-auth').spec.template.spec.containers[0].env;
    expect(auth.find(({ name }) => name === 'PUBLIC_URL').value).toBe('https://conclave.example.com');
    expect(JSON.parse(valueOf('INTERNAL_URLS'))).toEqual({
      audit: 'http://conclave-audit:8080',
      runtime: 'http://conclave-runtime:8080',
    });
  });

  it('adds host names that are told to those it has in the cluster', () => {
    const values = { ...site, services: { ...site.services, gateway: { env: { ALLOWED_HOSTS: 'inside.example' } } } };
    const { env } = named(render({ values }), 'Deployment', '-gateway').spec.template.spec.containers[0];
    expect(env.find(({ name }) => name === 'ALLOWED_HOSTS').value).toMatch(/^conclave-gateway,.*,inside\.example$/);
  });

  it('believes no proxy where there is none, and more where told so', () => {
    const hops = (values) =>
      named(render({ values: { ...site, ...values } }), 'Deployment', '-gateway')
        .spec.template.spec.containers[0].env.filter(({ name }) => name === 'TRUSTED_PROXY_HOPS')
        .map(({ value }) => value);
    const { exposure } = installations.ha.values;
    expect(hops({})).toEqual([]);
    expect(hops({ exposure, services: { ...site.services, gateway: { env: { TRUSTED_PROXY_HOPS: '2' } } } })).toEqual([
      '2',
    ]);
  });

  it('asks for no host but those of its values', () => {
    const { text } = tryRender(installations.airgap);
    const hosts = new Set(text.match(/\b[a-z0-9-]+(\.[a-z0-9-]+)+\.(com|io|org|net|dev)\b/g));
    const labels = ['app.kubernetes.io', 'topology.kubernetes.io', 'networking.k8s.io', 'autoscaling.k8s.io'];
    expect([...hosts].filter((host) => !labels.includes(host)).sort()).toEqual([
      'log.example.com',
      'registry.example.com',
    ]);
  });

  it('packages into one file that renders by itself', () => {
    const dir = mkdtempSync(join(tmpdir(), 'chart-'));
    try {
      runHelm('package', chartDir, '--destination', dir);
      const chart = join(dir, 'conclave-0.1.0.tgz');
      expect(tryRender({ chart, values: site }).text).toBe(tryRender({ values: site }).text);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
