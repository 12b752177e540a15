import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ConfigDirectory } from '../support/config-directory.js';
import { repositoryRoot } from '../support/node-process.js';

const RULES = (subset: string) => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: echo }
spec:
  hosts: [echo]
  http:
    - route: [{ destination: { host: echo, subset: ${subset} } }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: echo }
spec: { host: echo, subsets: [{ name: stable }] }
`;

describe('weir analyze', () => {
  let config: ConfigDirectory;
  const analyze = (...args: string[]) =>
    spawnSync(process.execPath, ['packages/mesh/bin/weir.js', 'analyze', '-f', config.path, ...args], {
      cwd: repositoryRoot,
      encoding: 'utf8',
    });

  beforeEach(() => {
    config = new ConfigDirectory();
    config.service('echo');
    config.endpoint('echo', 'a', '127.0.0.1:50051');
  });
  afterEach(() => config.destroy());

  it('ends with 0 when nothing is wrong', () => {
    config.write('rules.yaml', RULES('stable'));
    const { status, stdout } = analyze();
    assert.equal(stdout, '3 files, 4 objects: 0 errors, 0 warnings\n');
    assert.equal(status, 0);
  });

  it('says each finding with its code and place, and ends with 1 when one is an error', () => {
    config.write('rules.yaml', RULES('stabel'));
    const { status, stdout } = analyze();
    assert.match(
      stdout,
      /^ERROR WEIR0103 rules\.yaml:7:44: spec\.http\[0\]\.route\[0\]\.destination\.subset: .*did you mean "stable"\?$/m,
    );
    assert.equal(status, 1);
  });

  it('prints one line of JSON on request', () => {
    config.write('rules.yaml', RULES('stabel').replace('hosts:', 'gateways: [edge, mesh]\n  hosts:'));
    config.write('broken.yaml', 'kind: [');
    const { status, stdout } = analyze('-o', 'json');
    const report = JSON.parse(stdout) as {
      readonly errors: number;
      readonly warnings: number;
      readonly findings: readonly { readonly code: string; readonly file: string; readonly line: number }[];
    };
    assert.deepEqual(
      report.findings.map(({ code, file, line }) => [code, file, line]),
      [
        ['WEIR0001', 'broken.yaml', 1],
        ['WEIR0006', 'rules.yaml', 5],
        ['WEIR0103', 'rules.yaml', 8],
      ],
    );
    assert.deepEqual([report.errors, report.warnings], [2, 1]);
    assert.equal(stdout.split('\n').length, 2);
    assert.equal(status, 1);
  });

  it('ends with 2 when there is no such directory', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      ['packages/mesh/bin/weir.js', 'analyze', '-f', `${config.path}/gone`],
      { cwd: repositoryRoot, encoding: 'utf8' },
    );
    assert.equal(status, 2);
    assert.match(stderr, /there is no directory/);
  });
});
