// Writes the Helm chart in deploy/helm/weir, made of the manifests of `weir install`. To be run after they have
// changed; a test tells when that was forgotten.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { helmChart } from '../packages/mesh/dist/install/helm-chart.js';

const chart = fileURLToPath(new URL('../deploy/helm/weir/', import.meta.url));
const { version } = JSON.parse(
  readFileSync(new URL('../packages/mesh/package.json', import.meta.url), 'utf8'),
);
rmSync(chart, { recursive: true, force: true });
for (const [path, text] of helmChart(version)) {
  mkdirSync(dirname(join(chart, path)), { recursive: true });
  writeFileSync(join(chart, path), text);
}
