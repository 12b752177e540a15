import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { helmChart } from './helm-chart.js';
import { installManifests } from './install-manifests.js';
import { defaultInstallSettings, type Manifest } from './settings.js';

const CHART = new URL('../../../../deploy/helm/weir/', import.meta.url);
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

describe('the Helm chart', () => {
  it('is what scripts/generate-helm.mjs makes of the manifests', () => {
    const files = readdirSync(CHART, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => relative(fileURLToPath(CHART), join(parentPath, name)));
    const made = helmChart(version);
    assert.deepEqual(files.sort(), [...made.keys()].sort());
    for (const [path, text] of made) {
      assert.equal(
        readFileSync(new URL(path, CHART), 'utf8'),
        text,
        `${path}: node scripts/generate-helm.mjs`,
      );
    }
  });

  it('says the same as weir install when its values are filled in', () => {
    const { namespace, image, replicas, failurePolicy } = defaultInstallSettings;
    const rendered = [...helmChart(version)]
      .filter(([path]) => path.startsWith('templates/'))
      .map(([, text]) =>
        text
          .replaceAll(/^\{\{-.*\}\}\n/gm, '')
          .replaceAll('{{ .Release.Namespace }}', namespace)
          .replaceAll('{{ .Values.image }}', image)
          .replaceAll('{{ .Values.replicas }}', String(replicas))
          .replaceAll('{{ .Values.failurePolicy }}', failurePolicy),
      )
      .map((text) => parse(text) as Manifest);
    const expected = installManifests(defaultInstallSettings).filter(
      ({ kind }) => kind !== 'Namespace' && kind !== 'CustomResourceDefinition',
    );
    assert.deepEqual(rendered, JSON.parse(JSON.stringify(expected)));
  });
});
