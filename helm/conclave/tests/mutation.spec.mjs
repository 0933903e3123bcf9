import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chartDir, installations, parseManifests, site, tryRender } from './chart.mjs';
import { chartFaults } from './policy.mjs';

/** A line of a template that keeps a pod in, or an attacker out. */
const guards = [
  /runAsNonRoot: true/,
  /runAsUser: 10001/,
  /runAsGroup: 10001/,
  /type: RuntimeDefault/,
  /readOnlyRootFilesystem: true/,
  /allowPrivilegeEscalation: false/,
  /drop: \[ALL\]/,
  /automountServiceAccountToken: false/,
  /enableServiceLinks: false/,
  /emptyDir: \{ sizeLimit/,
  /policyTypes: \[Ingress, Egress\]/,
  /include "conclave\.(podSecurity|containerSecurity|spread|jobPolicy)"/,
  /(startup|liveness|readiness)Probe:/,
  /lifecycle:/,
  /terminationGracePeriodSeconds:/,
  /toYaml .*resources/,
  /maxUnavailable: [01]/,
  /kind: (PodDisruptionBudget|HorizontalPodAutoscaler|ServiceAccount)/,
  /serviceAccountName:/,
  /matchLabelKeys:/,
  /if not \$values\.autoscaling/,
  /stabilizationWindowSeconds/,
  /image: \{\{ include "conclave\.image"/,
];

const templates = readdirSync(join(chartDir, 'templates'), { recursive: true }).filter((file) =>
  /\.(yaml|tpl)$/.test(file),
);
const guarded = templates.flatMap((file) =>
  readFileSync(join(chartDir, 'templates', file), 'utf8')
    .split('\n')
    .flatMap((line, index) =>
      guards.some((guard) => guard.test(line)) ? [[`${file}:${index + 1}`, line.trim(), file, index]] : [],
    ),
);

/** The file without the line, and without what is indented below it. */
function without(text, index) {
  const lines = text.split('\n');
  const indentOf = (line) => line.search(/\S/);
  let end = index + 1;
  const opensBlock = /:$/.test(lines[index]);
  while (opensBlock && end < lines.length && indentOf(lines[end]) > indentOf(lines[index])) end++;
  if (/\{\{-? if /.test(lines[index]))
    lines.splice(
      lines.findIndex((line, at) => at > index && /\{\{-? end/.test(line)),
      1,
    );
  return [...lines.slice(0, index), ...lines.slice(end)].join('\n');
}

describe('without one of its guards', () => {
  let chart;
  beforeAll(() => {
    chart = join(mkdtempSync(join(tmpdir(), 'mutant-')), 'conclave');
    cpSync(chartDir, chart, { recursive: true });
  });
  afterAll(() => rmSync(join(chart, '..'), { recursive: true }));

  it('is tried for all there are', () => {
    for (const guard of guards)
      expect([String(guard), guarded.some(([, line]) => guard.test(line))]).toEqual([String(guard), true]);
    expect(guarded.length).toBeGreaterThanOrEqual(30);
  });

  it.each(guarded)('%s the chart is refused: %s', (_at, _line, file, index) => {
    const path = join(chart, 'templates', file);
    const original = readFileSync(path, 'utf8');
    writeFileSync(path, without(original, index));
    try {
      expect(isCaught(chart)).toBe(true);
    } finally {
      writeFileSync(path, original);
    }
  });
});

/** A mutant is caught when Helm or the rules of rendering.spec refuse it; unparsable YAML counts as Helm's refusal. */
function isCaught(chart) {
  const { status, text } = tryRender({ ...installations.full, chart });
  if (status !== 0) return true;
  let manifests;
  try {
    manifests = parseManifests(text);
  } catch {
    return true;
  }
  return chartFaults(manifests, { registry: site.image.registry }).length > 0;
}
