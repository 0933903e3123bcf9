import { describe, expect, it } from '@jest/globals';
import { chartDir, installations, render, runHelm, site, tryRender } from './chart.mjs';
import { chartFaults, podsOf } from './policy.mjs';
import { join } from 'node:path';

const registry = site.image.registry;
const longest = 'a-release-name-of-fifty-three-characters-as-helm-allo';

describe.each(Object.entries(installations))('installation %s', (_name, installation) => {
  const manifests = render(installation);
  const of = (kind) => manifests.filter((manifest) => manifest.kind === kind);

  it('keeps every rule of pods and what stands around them', () => {
    expect(chartFaults(manifests, { registry })).toEqual([]);
  });

  it('renders the same bytes twice', () => {
    expect(tryRender(installation).text).toBe(tryRender(installation).text);
  });

  it('runs every service once, under its own name', () => {
    const ran = of('Deployment').map(
      ({ spec }) => spec.template.spec.containers[0].env.find(({ name }) => name === 'SERVICE').value,
    );
    expect(ran).toEqual(['audit', 'auth', 'consensus', 'delivery', 'gateway', 'marketplace', 'metrics', 'runtime']);
  });

  it('names the image everywhere alike', () => {
    const images = new Set(podsOf(manifests).flatMap(({ spec }) => spec.containers.map(({ image }) => image)));
    const { digest } = installation.values.image;
    expect([...images]).toEqual([digest ? `${registry}/conclave@${digest}` : `${registry}/conclave:0.1.0`]);
  });

  it('passes helm lint', () => {
    const files = (installation.files ?? []).flatMap((file) => ['--values', join(chartDir, file)]);
    const sets = ['--set-json', `image=${JSON.stringify(installation.values.image)}`];
    const rest = Object.entries(installation.values)
      .filter(([key]) => key !== 'image')
      .flatMap(([key, value]) => ['--set-json', `${key}=${JSON.stringify(value)}`]);
    expect(runHelm('lint', '--strict', chartDir, ...files, ...sets, ...rest)).toContain('0 chart(s) failed');
  });
});

describe('names', () => {
  it.each(['n', '1e3', 'true', '0x10', 'conclave', 'conclave-blue', longest])(
    'hold for a release called %s',
    (release) => {
      const manifests = render({ ...installations.full, release });
      expect(chartFaults(manifests, { registry })).toEqual([]);
      for (const { kind, metadata, spec } of manifests) {
        expect(metadata.name).toMatch(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
        const labels = [
          metadata.labels,
          metadata.annotations,
          spec?.selector?.matchLabels,
          spec?.template?.metadata?.labels,
        ];
        for (const text of labels.flatMap((map) => Object.values(map ?? {})))
          expect([kind, typeof text]).toEqual([kind, 'string']);
        expect(metadata.labels['app.kubernetes.io/instance']).toBe(release);
      }
    },
  );

  it('differ between two releases whose long names begin alike', () => {
    const nameOf = (release) => render({ ...installations.default, release })[0].metadata.name;
    expect(nameOf(`${longest.slice(0, -1)}x`)).not.toBe(nameOf(`${longest.slice(0, -1)}y`));
  });
});
