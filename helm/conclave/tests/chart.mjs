/** Renders the chart with a real Helm, as its users do. */
import { execFileSync, spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments, stringify } from 'yaml';
import { helm } from './helm.mjs';

if (!helm) throw new Error('There is no Helm: put helm on the PATH, or name it with HELM.');

export const chartDir = resolve(fileURLToPath(import.meta.url), '../..');
export const repositoryRoot = resolve(chartDir, '../..');

/** What every installation must say for itself. */
export const site = {
  image: { registry: 'registry.example.com/platform' },
  logHost: 'log.example.com',
  network: {
    destinations: {
      postgres: { peers: [{ ipBlock: { cidr: '10.0.0.10/32' } }] },
      nats: { peers: [{ ipBlock: { cidr: '10.0.0.11/32' } }] },
      redis: { peers: [{ ipBlock: { cidr: '10.0.0.12/32' } }] },
    },
  },
  services: { runtime: { data: { storageClassName: 'shared' } } },
};

const ingress = {
  kind: 'ingress',
  hostname: 'conclave.example.com',
  tlsSecret: 'conclave-tls',
  className: 'nginx',
  allowFrom: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress-nginx' } } }],
};
const gatewayApi = {
  kind: 'gatewayApi',
  hostname: 'conclave.example.com',
  parentRefs: [{ name: 'public', namespace: 'edge' }],
  allowFrom: [{ ipBlock: { cidr: '10.1.0.0/24' } }],
};
const anywhere = [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] } }];

/** The installations that must hold every rule: the profiles and the choices that change what is rendered. */
export const installations = {
  default: { values: site },
  eval: { files: ['values-eval.yaml'], values: { image: site.image } },
  ha: { files: ['values-ha.yaml'], values: { ...site, exposure: ingress } },
  airgap: {
    files: ['values-airgap.yaml'],
    values: { ...site, image: { ...site.image, digest: `sha256:${'ab'.repeat(32)}` } },
  },
  'gateway-api': { values: { ...site, exposure: gatewayApi, migrations: { mode: 'job' } } },
  full: {
    values: {
      ...site,
      exposure: ingress,
      tls: { caConfigMap: 'corporate-ca' },
      telemetry: { endpoint: 'http://collector.observability:4318' },
      tenant: { name: 'Acme & Söhne', administrator: 'Ada', operators: true },
      monitoring: {
        allowFrom: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
      },
      network: {
        destinations: {
          ...site.network.destinations,
          telemetry: {
            peers: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'observability' } } }],
          },
          models: { peers: anywhere },
          webhooks: { peers: anywhere },
          witnesses: { peers: anywhere },
        },
      },
      services: {
        audit: { calls: ['nats', 'postgres', 'witnesses'] },
        delivery: { calls: ['nats', 'postgres', 'webhooks'], podAnnotations: { 'example.com/owner': 'platform' } },
        runtime: {
          calls: ['nats', 'postgres', 'redis', 'models'],
          env: { WORKER_SLOTS: '8' },
          data: { existingClaim: 'shared', size: '1Gi', accessMode: 'ReadWriteMany' },
          sandbox: { seccompProfile: { type: 'Localhost', localhostProfile: 'conclave/sandbox.json' } },
          nodeSelector: { pool: 'agents' },
          tolerations: [{ key: 'agents', operator: 'Exists' }],
          priorityClassName: 'batch',
        },
      },
    },
  },
};

/** @returns what Helm printed: `{status, text, message}`; Helm 4's paths are written as Helm 3's */
export function tryRender({ chart = chartDir, release = 'conclave', files = [], values = {} } = {}) {
  const paths = files.flatMap((file) => ['--values', join(chart, file)]);
  const { status, stdout, stderr } = spawnSync(
    helm,
    ['template', release, chart, '--namespace', 'conclave', '--kube-version', '1.33.0', ...paths, '--values', '-'],
    { input: stringify(values), encoding: 'utf8', maxBuffer: 64 << 20 },
  );
  return {
    status,
    text: stdout,
    message: stderr.replaceAll(/at '\/([^']*)'/g, (_all, path) => path.replaceAll('/', '.')),
  };
}

/** @returns the manifests as plain objects, in Helm's order */
export function render(options) {
  const { status, text, message } = tryRender(options);
  if (status !== 0) throw new Error(message);
  return parseManifests(text);
}

export function parseManifests(text) {
  return parseAllDocuments(text, { uniqueKeys: true }).flatMap((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    const manifest = document.toJS();
    return manifest ? [manifest] : [];
  });
}

/** A container's environment as the kubelet would make it from Secrets and ConfigMaps; a missing key stops the pod. */
export function environmentOf({ env }, stores) {
  const entries = env.flatMap(({ name, value, valueFrom }) => {
    if (!valueFrom) return [[name, value]];
    const { name: from, key, optional } = valueFrom.secretKeyRef ?? valueFrom.configMapKeyRef;
    const store = stores.find(({ metadata }) => metadata.name === from);
    const found = (store?.stringData ?? store?.data)?.[key];
    if (found === undefined && !optional) throw new Error(`${from} has no key ${key}`);
    return found === undefined ? [] : [[name, found]];
  });
  return Object.fromEntries(entries);
}

/** Runs another Helm command, such as `lint`; throws with what it printed. */
export const runHelm = (...args) => execFileSync(helm, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
