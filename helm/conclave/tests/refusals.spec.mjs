import { describe, expect, it } from '@jest/globals';
import { installations, site, tryRender } from './chart.mjs';

const { destinations } = site.network;
const ingress = { kind: 'ingress', hostname: 'conclave.example.com' };
const services = (service, keys) => ({
  services: { [service]: keys },
});
const to = (name, keys) => ({
  network: { destinations: { ...destinations, [name]: { ...destinations[name], ...keys } } },
});
const sandboxes = (keys) =>
  services('runtime', {
    sandbox: { seccompProfile: { type: 'Localhost', localhostProfile: 'conclave/sandbox.json' }, unmaskedProc: true },
    ...keys,
  });
const everywhere = [{ ipBlock: { cidr: '0.0.0.0/0' } }];

/** What is wrong, the values, and what the message must say so that one knows what to do. */
const refusals = [
  ['no registry', { image: { registry: '' } }, 'image.registry is required: the registry'],
  ['a registry with a scheme', { image: { registry: 'https://registry.example.com' } }, 'image.registry'],
  [
    'the tag latest',
    { image: { ...site.image, tag: 'latest' } },
    'image.tag "latest" can change under a running release',
  ],
  ['half a digest', { image: { ...site.image, digest: 'sha256:abc' } }, 'image.digest'],
  ['a pull policy of its own', { image: { ...site.image, pullPolicy: 'Sometimes' } }, 'image.pullPolicy'],
  ['an unknown profile', { profile: 'staging' }, 'profile'],
  ['a misspelt section', { servces: {} }, 'servces'],
  ['a misspelt key of a service', services('auth', { replica: 3 }), 'replica'],
  ['a service there is none of', services('billing', { existingSecret: 'x' }), 'billing'],
  ['no service auth', { services: { auth: null } }, 'auth'],
  ['one replica in production', services('consensus', { replicas: 1 }), 'services.consensus has one replica'],
  [
    'one replica at least',
    services('gateway', { autoscaling: { min: 1, max: 4, cpuPercent: 60 } }),
    'services.gateway has one replica',
  ],
  ['no replica', services('auth', { replicas: 0 }), 'replicas'],
  ['half a replica', services('auth', { replicas: 1.5 }), 'replicas'],
  ['a number in quotes', services('auth', { replicas: '2' }), 'replicas'],
  [
    'more at least than at most',
    services('gateway', { autoscaling: { min: 9, max: 3, cpuPercent: 60 } }),
    'autoscaling.min (9) is above max (3)',
  ],
  [
    'scaling on the backlog of another service',
    services('auth', { autoscaling: { min: 2, max: 3, cpuPercent: 60, backlogPercent: 70 } }),
    'services.auth.autoscaling.backlogPercent: only services.runtime has a backlog',
  ],
  ['scaling on nothing', services('auth', { autoscaling: { min: 2, max: 3 } }), 'cpuPercent'],
  ['no limits', services('auth', { resources: { requests: { cpu: '1', memory: '1Gi' } } }), 'limits'],
  [
    'a limit without memory',
    services('auth', { resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1' } } }),
    'memory',
  ],
  [
    'a quantity with a typo',
    services('auth', { resources: { requests: { cpu: '1', memory: '1GB' }, limits: { cpu: '1', memory: '1Gi' } } }),
    'memory',
  ],
  ['no secret named', services('auth', { existingSecret: '' }), 'existingSecret'],
  [
    'a secret in clear',
    services('auth', { env: { API_KEY_PEPPER: 'cGVwcGVy' } }),
    'services.auth.env.API_KEY_PEPPER is a secret: put it into the Secret conclave-auth',
  ],
  [
    'a model key in clear',
    services('runtime', { env: { OPENAI_API_KEY: 'sk-1' } }),
    'services.runtime.env.OPENAI_API_KEY is a secret',
  ],
  [
    'a variable nobody reads',
    services('auth', { env: { API_KEY_ENVV: 'live' } }),
    'services.auth.env.API_KEY_ENVV is not read by auth; it reads API_KEY_ENV',
  ],
  [
    "one of the chart's variables",
    services('auth', { env: { HTTP_PORT: '9000' } }),
    'services.auth.env.HTTP_PORT is set by the chart',
  ],
  ['a variable that is no string', services('runtime', { env: { WORKER_SLOTS: 8 } }), 'WORKER_SLOTS'],
  ['no name for logs', { logHost: '' }, 'logHost is required: the host name'],
  [
    'a call to nowhere',
    services('auth', { calls: ['nats', 'postgres', 'ldap'] }),
    'services.auth.calls names "ldap", which is neither a service nor one of network.destinations',
  ],
  [
    'a call to itself',
    services('auth', { calls: ['nats', 'postgres', 'auth'] }),
    'services.auth.calls names the service itself',
  ],
  ['a call twice', services('auth', { calls: ['nats', 'nats'] }), 'calls'],
  [
    'stores that are nowhere',
    { network: {} },
    'network.destinations.postgres.peers is empty, so nothing could reach it, and audit, auth,',
  ],
  [
    'models that are nowhere',
    services('runtime', { calls: ['nats', 'postgres', 'models'] }),
    'network.destinations.models.peers is empty, so nothing could reach it, and runtime would',
  ],
  [
    'a collector that is nowhere',
    { telemetry: { endpoint: 'http://collector:4318' } },
    'network.destinations.telemetry.peers is empty',
  ],
  ['a peer that is everybody by mistake', to('postgres', { peers: [{}] }), 'peers'],
  ['a port out of range', to('postgres', { port: 70_000 }), 'port'],
  ['an address without range', to('nats', { peers: [{ ipBlock: { cidr: '10.0.0.1' } }] }), 'cidr'],
  ['a bus that is no bus', { nats: { url: 'http://nats:4222' } }, 'nats.url'],
  [
    'an Ingress for nobody',
    { exposure: { kind: 'ingress', tlsSecret: 'tls' } },
    'exposure.hostname is required with exposure.kind ingress',
  ],
  ['an Ingress in clear', { exposure: ingress }, 'exposure.tlsSecret is required in production'],
  [
    'a route without a gateway',
    { exposure: { ...ingress, kind: 'gatewayApi' } },
    'exposure.parentRefs is required with exposure.kind gatewayApi',
  ],
  ['another kind of exposure', { exposure: { kind: 'nodePort' } }, 'exposure.kind'],
  [
    'a host name with a path',
    { exposure: { ...ingress, hostname: 'example.com/conclave', tlsSecret: 'tls' } },
    'hostname',
  ],
  ['another way to migrate', { migrations: { mode: 'init' } }, 'migrations.mode'],
  [
    'replicas that fight for a volume',
    services('runtime', { data: { size: '1Gi', accessMode: 'ReadWriteOnce' } }),
    'services.runtime has 2 replicas that share one volume: data.accessMode must be ReadWriteMany',
  ],
  ['no seccomp at all', services('runtime', { sandbox: { seccompProfile: { type: 'Unconfined' } } }), 'seccompProfile'],
  [
    'a seccomp profile without a file',
    services('runtime', { sandbox: { seccompProfile: { type: 'Localhost' } } }),
    'services.runtime.sandbox.seccompProfile.localhostProfile is required',
  ],
  [
    'an unmasked /proc for nothing',
    services('runtime', { sandbox: { seccompProfile: { type: 'RuntimeDefault' }, unmaskedProc: true } }),
    'services.runtime.sandbox.unmaskedProc is of no use without a seccompProfile',
  ],
  [
    'a volume of no class',
    { services: {} },
    'services.runtime.data needs a storageClassName that provides ReadWriteMany, or an existingClaim',
  ],
  [
    'more sandboxes than memory',
    sandboxes({ env: { WORKER_SLOTS: '3' } }),
    'services.runtime.resources.limits.memory (4Gi) is below the 15.5Gi that 3 sandboxes at once may take',
  ],
  [
    'the sandboxes of the defaults in the memory of the defaults',
    sandboxes({}),
    'services.runtime.resources.limits.memory (4Gi) is below the 20.5Gi that 4 sandboxes at once may take',
  ],
  ['a database out of reach', services('auth', { calls: ['nats'] }), 'services.auth.calls lacks postgres'],
  ['a bus out of reach', services('metrics', { calls: ['postgres'] }), 'services.metrics.calls lacks nats'],
  ['an owner out of reach', services('gateway', { calls: ['nats', 'redis'] }), 'services.gateway.calls lacks runtime'],
  [
    'a bus at a port nobody may reach',
    { nats: { url: 'nats://a.stores:4222,tls://b.stores:4223' } },
    'nats.url (tls://b.stores:4223) is at port 4223, but network.destinations.nats lets pods out to port 4222 only',
  ],
  [
    'a collector at a port nobody may reach',
    { telemetry: { endpoint: 'http://collector:4317' } },
    'telemetry.endpoint (http://collector:4317) is at port 4317, but network.destinations.telemetry',
  ],
  [
    'a collector at the port of https',
    { telemetry: { endpoint: 'https://collector/v1' } },
    'telemetry.endpoint (https://collector/v1) is at port 443, but',
  ],
  [
    'more asked for than allowed',
    services('auth', { resources: { requests: { cpu: '1500m', memory: '1Gi' }, limits: { cpu: '1', memory: '2Gi' } } }),
    'services.auth.resources: requests.cpu (1500m) is above limits.cpu (1)',
  ],
  [
    'a job that asks for more than it is allowed',
    { jobs: { resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1', memory: '512Mi' } } } },
    'jobs.resources: requests.memory (1Gi) is above limits.memory (512Mi)',
  ],
  [
    'a number in words',
    services('runtime', { env: { WORKER_SLOTS: 'many' } }),
    'services.runtime.env.WORKER_SLOTS must be a number; it is "many"',
  ],
  [
    'an edge that believes anybody',
    { exposure: { ...ingress, tlsSecret: 'tls' } },
    'exposure.allowFrom is required with exposure.kind ingress',
  ],
  ['an air gap with a tag', { airgap: true }, 'image.digest is required with airgap'],
  [
    'an air gap with a hole',
    { airgap: true, ...to('models', { peers: everywhere }) },
    'network.destinations.models.peers reaches everywhere, which airgap rules out',
  ],
  [
    'an air gap with no walls',
    { airgap: true, network: { ...site.network, policies: false } },
    'network.policies is false, which airgap rules out',
  ],
  [
    'a grace that is no number',
    services('auth', { shutdown: { preStopSeconds: 5, graceSeconds: '30s' } }),
    'graceSeconds',
  ],
  ['spread that means nothing', services('auth', { spread: { zone: 'always', host: 'DoNotSchedule' } }), 'spread.zone'],
  ['an unknown log level', { logLevel: 'verbose' }, 'logLevel'],
];

describe('values that cannot be installed', () => {
  it.each(refusals)('%s', (_what, values, says) => {
    const { status, message } = tryRender({ values: { ...site, ...values } });
    expect({ status, message }).toEqual({ status: 1, message: expect.stringContaining(says) });
  });

  it('are told all at once', () => {
    const { message } = tryRender({ values: {} });
    for (const fault of [
      'image.registry',
      'logHost',
      'destinations.nats',
      'destinations.postgres',
      'destinations.redis',
      'services.runtime.data',
    ])
      expect(message).toContain(fault);
  });

  it('are not those with room for their sandboxes', () => {
    const room = { limits: { cpu: '4', memory: '7Gi' } };
    const { services: own } = sandboxes({
      ...site.services.runtime,
      env: { WORKER_SLOTS: '2', SANDBOX_MEMORY_BYTES: '2147483648' },
      resources: { requests: { cpu: '1', memory: '1Gi' }, ...room },
    });
    expect(tryRender({ values: { ...site, services: own } })).toMatchObject({ status: 0 });
  });

  it('are few: what eval allows, production refuses', () => {
    const values = { ...installations.eval.values, profile: 'production' };
    expect(tryRender({ ...installations.eval, values }).message).toContain('services.auth has one replica');
  });
});
