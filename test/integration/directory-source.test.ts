import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { DirectorySource, type SourceReport } from 'weir/dist/kube/directory/directory-source.js';
import { DiskFiles } from 'weir/dist/kube/directory/disk-files.js';
import { systemClock } from 'weir/dist/system/clock.js';
import { until } from '../support/until.js';

function service(name: string, port = 50051): string {
  return `apiVersion: v1\nkind: Service\nmetadata:\n  name: ${name}\nspec:\n  ports:\n    - port: ${port}\n`;
}

describe('a directory of manifests on a real disk', () => {
  let root: string;
  let directory: string;
  let source: DirectorySource | undefined;
  const reports: SourceReport[] = [];
  let changes = 0;

  /** @param lookEveryMs long by default, so that only events can tell of a change in time */
  async function start(lookEveryMs = 60_000): Promise<void> {
    source = new DirectorySource({
      files: new DiskFiles(directory),
      clock: systemClock,
      lookEveryMs,
      onChange: () => changes++,
      onReport: (report) => reports.push(report),
    });
    await source.start();
  }

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }

  const names = (): string[] => (source?.objects ?? []).map(({ object }) => object.metadata.name);
  const becomes = (...expected: string[]): Promise<void> =>
    until(`the services are ${expected.join(', ')}`, () => names().join() === expected.join());

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'weir-source-'));
    directory = join(root, 'mesh');
    mkdirSync(directory);
    reports.length = 0;
    changes = 0;
  });
  afterEach(() => {
    source?.close();
    rmSync(root, { recursive: true, force: true });
  });

  it('loads manifests of all endings, also below, and leaves hidden and other files alone', async () => {
    write('a.yaml', service('a'));
    write('b.yml', service('b'));
    write('c.json', '{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "c"}}');
    write('deep/er/d.yaml', service('d'));
    write('.hidden.yaml', service('hidden'));
    write('.git/x.yaml', service('hidden'));
    write('README.md', 'not: [yaml');
    write('a.yaml~', service('backup'));
    await start();
    assert.deepEqual(names(), ['a', 'b', 'c', 'd']);
    assert.deepEqual(reports, []);
  });

  it('rejects when the directory is missing or is a file', async () => {
    rmSync(directory, { recursive: true });
    await assert.rejects(start(), { code: 'ENOENT' });
    writeFileSync(directory, '');
    await assert.rejects(start(), { code: 'ENOTDIR' });
  });

  it('notices files written, rewritten, renamed and removed', async () => {
    await start();
    write('a.yaml', service('a'));
    await becomes('a');
    write('a.yaml', service('b'));
    await becomes('b');
    write('.draft', service('c'));
    renameSync(join(directory, '.draft'), join(directory, 'a.yaml'));
    await becomes('c');
    renameSync(join(directory, 'a.yaml'), join(directory, 'z.yaml'));
    await until('the file has its new name', () => source?.objects[0]?.file === 'z.yaml');
    unlinkSync(join(directory, 'z.yaml'));
    await becomes();
  });

  it('notices files in a sub-directory made later', async () => {
    await start();
    mkdirSync(join(directory, 'sub'));
    await new Promise((resolve) => setTimeout(resolve, 200));
    write('sub/a.yaml', service('a'));
    await becomes('a');
    rmSync(join(directory, 'sub'), { recursive: true });
    await becomes();
  });

  it('keeps an editor that saves by way of a backup file from taking a service away', async () => {
    write('a.yaml', service('a', 1));
    await start();
    for (let port = 2; port < 6; port++) {
      renameSync(join(directory, 'a.yaml'), join(directory, 'a.yaml~'));
      write('a.yaml', service('a', port));
      unlinkSync(join(directory, 'a.yaml~'));
      await until(`port ${port}`, () => JSON.stringify(source?.objects).includes(`"port":${port}`));
    }
    assert.equal(changes, 4);
  });

  it('follows the symbolic links of a mounted ConfigMap when they are swapped', async () => {
    write('..1/a.yaml', service('a'));
    symlinkSync('..1', join(directory, '..data'));
    symlinkSync('..data/a.yaml', join(directory, 'a.yaml'));
    await start();
    assert.deepEqual(names(), ['a']);
    write('..2/a.yaml', service('b'));
    symlinkSync('..2', join(directory, '..data_tmp'));
    renameSync(join(directory, '..data_tmp'), join(directory, '..data'));
    rmSync(join(directory, '..1'), { recursive: true });
    await becomes('b');
  });

  it('is not led in circles by a link to a directory above', async () => {
    write('sub/a.yaml', service('a'));
    symlinkSync('..', join(directory, 'sub', 'up'));
    await start();
    assert.deepEqual(names(), ['a']);
  });

  it('keeps a file written in two parts whole', async () => {
    write('a.yaml', service('a'));
    await start();
    const path = join(directory, 'a.yaml');
    const next = service('b');
    writeFileSync(path, next.slice(0, 40));
    await new Promise((resolve) => setTimeout(resolve, 150));
    assert.deepEqual(names(), ['a']);
    appendFileSync(path, next.slice(40));
    await becomes('b');
  });

  it('reports a typo with its place, changes nothing, and says when it is mended', async () => {
    write('a.yaml', service('a'));
    await start();
    write('a.yaml', service('a').replace('ports', 'prots'));
    await until('the typo is reported', () => reports.length === 1);
    const [report] = reports;
    assert.equal(report?.event, 'problems');
    const { line, column, field } = report.problems[0]!;
    assert.deepEqual({ line, column, field }, { line: 6, column: 3, field: 'spec.prots' });
    assert.deepEqual(names(), ['a']);
    write('a.yaml', service('a'));
    await until('the mending is reported', () => reports.length === 2);
    assert.deepEqual(reports[1], { event: 'fixed', file: 'a.yaml' });
  });

  it('keeps everything while the directory is away, and goes on with the one that takes its place', async () => {
    write('a.yaml', service('a'));
    await start(100);
    renameSync(directory, join(root, 'old'));
    await until('the loss is reported', () => reports.some((report) => report.event === 'directory-lost'));
    assert.deepEqual(names(), ['a']);
    mkdirSync(directory);
    write('b.yaml', service('b'));
    await becomes('b');
    assert.ok(reports.some((report) => report.event === 'directory-back'));
  });

  it('finds changes that no event tells of', async () => {
    write('a.yaml', service('a'));
    const files = new DiskFiles(directory);
    source = new DirectorySource({
      files: {
        list: () => files.list(),
        read: (path) => files.read(path),
        watch: () => ({ close: () => {} }),
      },
      clock: systemClock,
      lookEveryMs: 100,
      onChange: () => {},
      onReport: () => {},
    });
    await source.start();
    write('a.yaml', service('b'));
    await becomes('b');
  });
});
