import { describe, expect, it } from '@jest/globals';
import { installations, render, site } from './chart.mjs';
import { matches, podsOf } from './policy.mjs';

/** What `calls` says, defaults included, written out here so that a change of the architecture is a change of this test. */
const calls = {
  audit: ['nats', 'postgres'],
  auth: ['nats', 'postgres'],
  consensus: ['nats', 'postgres'],
  delivery: ['nats', 'postgres'],
  gateway: ['nats', 'redis', 'runtime', 'audit'],
  marketplace: ['nats', 'postgres'],
  metrics: ['nats', 'postgres'],
  runtime: ['nats', 'postgres', 'redis'],
  migrate: ['postgres'],
  'self-audit': ['postgres'],
  verify: ['gateway'],
};

const componentOf = (metadata) => metadata.labels['app.kubernetes.io/component'];

/** Who may connect where, as the policies together allow it: `from -> to:port`. */
function edgesOf(manifests, places) {
  const pods = podsOf(manifests);
  const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy');
  const nameOf = (peer) => {
    if (!peer.namespaceSelector && peer.podSelector) {
      const targets = pods.filter(({ metadata }) => matches(peer.podSelector, metadata.labels));
      if (targets.length > 0) return targets.map(({ metadata }) => componentOf(metadata)).join('+');
    }
    return (
      Object.keys(places).find((name) => JSON.stringify(places[name]) === JSON.stringify(peer)) ?? JSON.stringify(peer)
    );
  };
  const edges = (direction, side) =>
    pods.flatMap(({ metadata }) =>
      policies
        .filter(({ spec }) => matches(spec.podSelector, metadata.labels))
        .flatMap(({ spec }) => spec[direction] ?? [])
        .flatMap((rule) =>
          rule[side].flatMap((peer) =>
            rule.ports.map(({ port, protocol }) => [componentOf(metadata), nameOf(peer), `${protocol} ${port}`]),
          ),
        ),
    );
  return { out: edges('egress', 'to'), in: edges('ingress', 'from') };
}

const dns = {
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
  podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
};
const peerOf = ([name, { peers }]) => [name, peers[0]];
const ports = {
  nats: 'TCP 4222',
  postgres: 'TCP 5432',
  redis: 'TCP 6379',
  models: 'TCP 443',
  webhooks: 'TCP 443',
  telemetry: 'TCP 4318',
};
const sorted = (edges) => edges.map((edge) => edge.join(' ')).sort();
const withDns = (table) =>
  Object.entries(table).flatMap(([from, to]) => [
    [from, 'dns', 'UDP 53'],
    [from, 'dns', 'TCP 53'],
    ...to.map((it) => [from, it, ports[it] ?? 'TCP 8080']),
  ]);

describe('the network', () => {
  const places = {
    ...Object.fromEntries(Object.entries(site.network.destinations).map(peerOf)),
    dns,
  };

  it('lets a pod out to what it calls and to names, and nowhere else', () => {
    expect(sorted(edgesOf(render(installations.default), places).out)).toEqual(sorted(withDns(calls)));
  });

  it('lets in exactly those who call, and the proxy in front of the edge', () => {
    const expected = [
      ['gateway', 'verify', 'TCP 8080'],
      ['audit', 'gateway', 'TCP 8080'],
      ['runtime', 'gateway', 'TCP 8080'],
    ];
    const { exposure } = installations.ha.values;
    const exposed = [...expected, ['gateway', 'proxy', 'TCP 8080']];
    expect(sorted(edgesOf(render(installations.default), places).in)).toEqual(sorted(expected));
    expect(
      sorted(edgesOf(render({ values: { ...site, exposure } }), { ...places, proxy: exposure.allowFrom[0] }).in),
    ).toEqual(sorted(exposed));
  });

  it('opens what values add: models, webhooks, witnesses, telemetry, scrapers, the tenant job', () => {
    const { network, monitoring } = installations.full.values;
    const all = {
      ...Object.fromEntries(Object.entries(network.destinations).map(peerOf)),
      dns,
      monitoring: monitoring.allowFrom[0],
    };
    const edges = edgesOf(render(installations.full), all);
    const services = Object.keys(calls).filter((name) => !['migrate', 'self-audit', 'verify'].includes(name));
    // models, webhooks and witnesses lie at the same place: all are named by the first.
    const added = {
      ...calls,
      runtime: [...calls.runtime, 'models'],
      audit: [...calls.audit, 'models'],
      delivery: [...calls.delivery, 'models'],
      'create-tenant': ['postgres'],
    };
    for (const name of services) added[name] = [...added[name], 'telemetry'];
    expect(sorted(edges.out)).toEqual(sorted(withDns(added)));
    expect(sorted(edges.in.filter(([, from]) => from === 'monitoring'))).toEqual(
      sorted(services.map((name) => [name, 'monitoring', 'TCP 8080'])),
    );
  });

  it('reaches the stores of an evaluation in its own namespace only', () => {
    const peers = edgesOf(render(installations.eval), { dns });
    const stores = new Set(peers.out.map(([, to]) => to).filter((to) => to.includes('eval')));
    expect([...stores].sort()).toEqual(
      ['nats', 'postgres', 'redis'].map((name) =>
        JSON.stringify({ podSelector: { matchLabels: { 'app.kubernetes.io/name': `conclave-eval-${name}` } } }),
      ),
    );
  });

  it('is left to others when asked to', () => {
    const manifests = render({ values: { ...site, network: { policies: false } } });
    expect(manifests.some(({ kind }) => kind === 'NetworkPolicy')).toBe(false);
  });
});
