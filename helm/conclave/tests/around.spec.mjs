import { describe, expect, it } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { installations, parseManifests, render, repositoryRoot, site, tryRender } from './chart.mjs';
import { matches, podFaults, podsOf } from './policy.mjs';

const read = (file) => readFileSync(join(repositoryRoot, 'k8s', file), 'utf8');
const manifestsOf = (file) => parseManifests(read(file));
const ofKind = (manifests, kind) => manifests.filter((manifest) => manifest.kind === kind);

describe('k8s/namespace.yaml', () => {
  const manifests = manifestsOf('namespace.yaml');
  const [quota] = ofKind(manifests, 'ResourceQuota');
  const [range] = ofKind(manifests, 'LimitRange');

  it('admits restricted pods only', () => {
    const { labels } = ofKind(manifests, 'Namespace')[0].metadata;
    for (const mode of ['enforce', 'warn', 'audit'])
      expect(labels[`pod-security.kubernetes.io/${mode}`]).toBe('restricted');
  });

  it('denies every pod both ways', () => {
    expect(ofKind(manifests, 'NetworkPolicy')[0].spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
  });

  it.each(['default', 'ha', 'eval', 'full'])(
    'has room for installation %s with every autoscaler at its most, and one more pod of each service',
    (name) => {
      const pods = render(installations[name]);
      const sum = (list, resource) =>
        ofKind(pods, 'Deployment').reduce((total, manifest) => {
          const { resources } = manifest.spec.template.spec.containers[0];
          return total + (mostPodsOf(manifest, pods) + 1) * amountOf(resources[list][resource]);
        }, 0);
      for (const [list, resource] of [
        ['requests', 'cpu'],
        ['requests', 'memory'],
        ['limits', 'cpu'],
        ['limits', 'memory'],
      ])
        expect(sum(list, resource)).toBeLessThanOrEqual(amountOf(quota.spec.hard[`${list}.${resource}`]));
    },
  );

  it('allows each container what it asks for', () => {
    for (const installation of Object.values(installations))
      for (const { spec } of podsOf(render(installation)))
        for (const { resources } of spec.containers)
          for (const resource of ['cpu', 'memory'])
            expect(amountOf(resources.limits[resource])).toBeLessThanOrEqual(
              amountOf(range.spec.limits[0].max[resource]),
            );
  });
});

describe('k8s/eval-stores.yaml', () => {
  const manifests = manifestsOf('eval-stores.yaml');

  it('is admitted by the namespace', () => {
    expect(podsOf(manifests)).toHaveLength(3);
    expect(podFaults(manifests)).toEqual([]);
  });

  it('lets only pods of the chart in, and nothing out', () => {
    const [policy] = ofKind(manifests, 'NetworkPolicy');
    for (const { metadata } of podsOf(manifests)) expect(matches(policy.spec.podSelector, metadata.labels)).toBe(true);
    expect(policy.spec.egress).toBeUndefined();
    const [{ from }] = policy.spec.ingress;
    for (const { metadata } of podsOf(render(installations.eval)))
      expect(matches(from[0].podSelector, metadata.labels)).toBe(true);
  });

  it('is where the chart and the secrets look for it', () => {
    const services = ofKind(manifests, 'Service');
    const { text } = tryRender(installations.eval);
    const secrets = readFileSync(join(repositoryRoot, 'deploy/secrets/secrets.mjs'), 'utf8');
    for (const { metadata, spec } of services) {
      expect(`${text}${secrets}`).toContain(`${metadata.name}:${spec.ports[0].port}`);
      expect(
        podsOf(manifests).filter((pod) => matches({ matchLabels: spec.selector }, pod.metadata.labels)),
      ).toHaveLength(1);
    }
  });
});

describe('the GitOps examples', () => {
  const [application] = manifestsOf('argo-cd.yaml');
  const release = manifestsOf('flux.yaml').at(-1);

  it('install: Argo CD without hooks, Flux with them', () => {
    const { valueFiles, valuesObject } = application.spec.source.helm;
    const argo = render({ files: valueFiles, values: valuesObject });
    expect(JSON.stringify(argo)).not.toMatch(/pre-(install|upgrade)/);
    const files = release.spec.chart.spec.valuesFiles.map((file) => file.replace('helm/conclave/', ''));
    expect(JSON.stringify(render({ files, values: release.spec.values }))).toContain('pre-install,pre-upgrade');
  });

  it('are all there is beside the namespace and the stores', () => {
    expect(readdirSync(join(repositoryRoot, 'k8s')).sort()).toEqual([
      'argo-cd.yaml',
      'eval-stores.yaml',
      'flux.yaml',
      'namespace.yaml',
    ]);
    expect(site.image.registry).toBe(application.spec.source.helm.valuesObject.image.registry);
  });
});

describe('the connections that the README reckons with', () => {
  const readme = readFileSync(join(repositoryRoot, 'helm/conclave/README.md'), 'utf8');

  it.each(['default', 'ha'])('are those of installation %s', (name) => {
    const manifests = render(installations[name]);
    const connections = ofKind(manifests, 'Deployment')
      .filter(({ spec }) => spec.template.spec.containers[0].env.some((it) => it.name === 'DATABASE_URL'))
      .reduce((sum, it) => sum + (mostPodsOf(it, manifests) + 1) * (it.metadata.name.endsWith('runtime') ? 15 : 14), 0);
    expect(readme).toContain(`| ${connections} `);
  });
});

/** How many pods a Deployment may have when nothing is rolled out. */
function mostPodsOf({ metadata, spec }, manifests) {
  const scaler = ofKind(manifests, 'HorizontalPodAutoscaler').find((it) => it.metadata.name === metadata.name);
  return spec.replicas ?? scaler.spec.maxReplicas;
}

/** A Kubernetes quantity as a number. */
function amountOf(quantity) {
  const [, number, unit] = /^([\d.]+)(m|Ki|Mi|Gi|Ti)?$/.exec(String(quantity));
  return Number(number) * ({ m: 1e-3, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 }[unit] ?? 1);
}
