/** The rules every pod and every object around it must keep, as a list of faults. An empty list is a pass. */

const workloads = { Deployment: true, StatefulSet: true, DaemonSet: true, Job: true, CronJob: true, Pod: true };

const idOf = ({ kind, metadata }) => `${kind}/${metadata?.name}`;

/** The pod specifications of all manifests, hooks, jobs and tests included. */
export function podsOf(manifests) {
  return manifests.flatMap((manifest) => {
    if (!workloads[manifest.kind]) return [];
    if (manifest.kind === 'Pod')
      return [{ id: idOf(manifest), manifest, metadata: manifest.metadata, spec: manifest.spec }];
    const { template } = manifest.kind === 'CronJob' ? manifest.spec.jobTemplate.spec : manifest.spec;
    return [{ id: idOf(manifest), manifest, metadata: template.metadata ?? {}, spec: template.spec }];
  });
}

const containersOf = ({ spec }) => [
  ...(spec.containers ?? []),
  ...(spec.initContainers ?? []),
  ...(spec.ephemeralContainers ?? []),
];
const isServer = ({ manifest }) => manifest.kind === 'Deployment' || manifest.kind === 'StatefulSet';
const seccompTypes = ['RuntimeDefault', 'Localhost'];
/** Volume types the restricted profile admits, less those nothing here needs. */
const volumeTypes = ['configMap', 'emptyDir', 'persistentVolumeClaim', 'projected', 'secret'];

/** Pod security `restricted` (kubernetes.io/docs/concepts/security/pod-security-standards), and a bit more. */
const podRules = {
  'runs as non-root': ({ spec }) => spec.securityContext?.runAsNonRoot === true,
  'has a numeric user that is not root': ({ spec }) =>
    spec.securityContext?.runAsUser > 0 && spec.securityContext?.runAsGroup > 0,
  'has a seccomp profile': ({ spec }) => seccompTypes.includes(spec.securityContext?.seccompProfile?.type),
  'mounts no service account token': ({ spec }) => spec.automountServiceAccountToken === false,
  'is told of no other services': ({ spec }) => spec.enableServiceLinks === false,
  'shares nothing with its host': ({ spec }) =>
    !spec.hostNetwork &&
    !spec.hostPID &&
    !spec.hostIPC &&
    !containersOf({ spec }).some((c) => c.ports?.some((p) => p.hostPort)),
  'mounts plain volumes only': ({ spec }) =>
    (spec.volumes ?? []).every((volume) => volumeTypes.includes(Object.keys(volume).find((key) => key !== 'name'))),
  'bounds its scratch space': ({ spec }) =>
    (spec.volumes ?? []).every(({ emptyDir }) => !emptyDir || Boolean(emptyDir.sizeLimit)),
};

const containerRules = {
  'runs as non-root': (c) => c.securityContext?.runAsNonRoot === true,
  'has a read-only root': (c) => c.securityContext?.readOnlyRootFilesystem === true,
  'cannot gain privileges': (c) =>
    c.securityContext?.allowPrivilegeEscalation === false && !c.securityContext.privileged,
  'drops every capability': (c) =>
    c.securityContext?.capabilities?.drop?.includes('ALL') && !c.securityContext.capabilities.add,
  'keeps /proc masked': (c) => (c.securityContext?.procMount ?? 'Default') === 'Default',
  'keeps the seccomp profile': (c) =>
    !c.securityContext?.seccompProfile || seccompTypes.includes(c.securityContext.seccompProfile.type),
  'has requests and limits': (c) =>
    ['requests', 'limits'].every((key) => c.resources?.[key]?.cpu && c.resources[key].memory),
  'carries no secret in clear': (c) =>
    (c.env ?? []).every(({ name, value }) => value === undefined || !isSecretName(name)),
};

const isSecretName = (name) =>
  /PASSWORD|_KEK$|_SEED$|PEPPER|API_KEY$|SIGNING_KEY|^SERVICE_KEY$|DATABASE_.*URL|REDIS_URL/.test(name);

const serverRules = {
  'is probed for life': (c) => Boolean(c.livenessProbe),
  'is probed for readiness': (c) => Boolean(c.readinessProbe),
};

/** What a service of the chart needs besides, to lose no request and survive a node. */
const serviceRules = {
  'is probed while it starts': ({ spec }) => spec.containers.every((c) => c.startupProbe),
  'waits before it stops': ({ spec }) => spec.containers.every((c) => c.lifecycle?.preStop?.sleep?.seconds >= 1),
  'has time to finish': ({ spec }) => {
    const grace = Number(spec.containers[0].env.find(({ name }) => name === 'SHUTDOWN_GRACE_MS')?.value) / 1000;
    return spec.terminationGracePeriodSeconds > grace + spec.containers[0].lifecycle?.preStop?.sleep?.seconds;
  },
  'is spread over zones and hosts': ({ spec, metadata }) =>
    ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].every((key) =>
      spec.topologySpreadConstraints?.some(
        (it) =>
          it.topologyKey === key &&
          matches(it.labelSelector, metadata.labels) &&
          it.matchLabelKeys?.includes('pod-template-hash'),
      ),
    ),
  'loses no pod before its successor is ready': ({ manifest }) =>
    manifest.spec.strategy?.rollingUpdate?.maxUnavailable === 0 ||
    (manifest.spec.strategy?.type === 'Recreate' && manifest.spec.replicas === 1),
  'is selected by what its pods carry': ({ manifest, metadata }) => matches(manifest.spec.selector, metadata.labels),
};

/** Whether a label selector (matchLabels only) selects the labels. */
export const matches = (selector, labels = {}) =>
  selector !== undefined &&
  !selector.matchExpressions &&
  Object.entries(selector.matchLabels ?? {}).every(([k, v]) => labels[k] === v);

const failed = (id, rules, subject) =>
  Object.entries(rules).flatMap(([rule, holds]) => (holds(subject) ? [] : [`${id}: not so: ${rule}`]));

/** Faults of every pod, whoever wrote it. */
export function podFaults(manifests) {
  return podsOf(manifests).flatMap((pod) => [
    ...failed(pod.id, podRules, pod),
    ...containersOf(pod).flatMap((c) =>
      failed(`${pod.id}/${c.name}`, { ...containerRules, ...(isServer(pod) ? serverRules : {}) }, c),
    ),
  ]);
}

/** Faults of the chart: its pods, and what must stand around them. */
export function chartFaults(manifests, { registry, policies = true }) {
  const pods = podsOf(manifests);
  const of = (kind) => manifests.filter((manifest) => manifest.kind === kind);
  const images = pods.filter((pod) => containersOf(pod).some((c) => !c.image?.startsWith(`${registry}/conclave`)));
  return [
    ...manifests.flatMap((it) => nullsOf(it).map((path) => `${idOf(it)}: ${path} is null`)),
    ...podFaults(manifests),
    ...pods.filter(isServer).flatMap((pod) => failed(pod.id, serviceRules, pod)),
    ...images.map(({ id }) => `${id}: its image is not from ${registry}`),
    ...of('Deployment').flatMap((deployment) => companionFaults(deployment, of)),
    ...of('Secret').map((it) => `${idOf(it)}: the chart makes no secrets`),
    ...of('ServiceAccount')
      .filter((it) => it.automountServiceAccountToken !== false)
      .map((it) => `${idOf(it)}: gives out a token`),
    ...['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding']
      .flatMap(of)
      .map((it) => `${idOf(it)}: nothing here asks the API server`),
    ...(policies ? pods.flatMap((pod) => isolationFaults(pod, of('NetworkPolicy'))) : []),
  ];
}

/** Fields that a template left empty: an API server drops them, strict validators do not. */
function nullsOf(value, path = '') {
  if (value === null) return [path];
  return typeof value === 'object' ? Object.entries(value).flatMap(([key, it]) => nullsOf(it, `${path}.${key}`)) : [];
}

function companionFaults(deployment, of) {
  const id = idOf(deployment);
  const { labels } = deployment.spec.template.metadata;
  const budgets = of('PodDisruptionBudget').filter((it) => matches(it.spec.selector, labels));
  const scaler = of('HorizontalPodAutoscaler').find((it) => it.spec.scaleTargetRef.name === deployment.metadata.name);
  const { serviceAccountName } = deployment.spec.template.spec;
  return [
    ...(budgets.length === 1 && budgets[0].spec.maxUnavailable === 1
      ? []
      : [`${id}: has ${budgets.length} disruption budgets`]),
    ...(Boolean(scaler) !== (deployment.spec.replicas === undefined)
      ? [`${id}: replicas and autoscaler contradict`]
      : []),
    ...(scaler && !scaler.spec.behavior?.scaleDown?.stabilizationWindowSeconds ? [`${id}: scales down at once`] : []),
    ...(of('ServiceAccount').some((it) => it.metadata.name === serviceAccountName)
      ? []
      : [`${id}: has no account of its own`]),
    ...(of('Service').filter((it) => matches({ matchLabels: it.spec.selector }, labels)).length === 1
      ? []
      : [`${id}: has no Service`]),
  ];
}

/** Every pod is denied both ways by default, has a policy of its own, and none opens a direction to everybody. */
function isolationFaults({ id, metadata }, policies) {
  const selecting = policies.filter((policy) => matches(policy.spec.podSelector, metadata.labels));
  const rulesOf = ({ spec }) => [...(spec.ingress ?? []), ...(spec.egress ?? [])];
  const isOpen = (rule) => !(rule.from ?? rule.to)?.length || !rule.ports?.length;
  const faults = {
    'is not denied by default': selecting.some((policy) => rulesOf(policy).length === 0),
    'has no policy of its own': selecting.filter((policy) => rulesOf(policy).length > 0).length === 1,
    'has a policy for one direction only': selecting.every(({ spec }) => spec.policyTypes?.length === 2),
    'is opened to everybody or on every port': !selecting.flatMap(rulesOf).some(isOpen),
  };
  return Object.entries(faults).flatMap(([fault, holds]) => (holds ? [] : [`${id}: ${fault}`]));
}
