import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { injectWorkload } from './inject-workload.js';
import { defaultInjectSettings } from './settings.js';
import type { Workload } from './workload.js';

/** Each case is an object as a user writes it, and beside it what becomes of it. */
const GOLDEN = new URL('../../src/inject/golden/', import.meta.url);
const settings = { ...defaultInjectSettings, image: 'weir:test' };

const read = (name: string): Workload => parse(readFileSync(new URL(name, GOLDEN), 'utf8')) as Workload;

describe('injection', () => {
  for (const name of readdirSync(GOLDEN).filter((file) => file.endsWith('.yaml'))) {
    it(`makes of ${name} what is written beside it`, () => {
      const { workload, decision } = injectWorkload(read(name), 'default', 'enabled', settings);
      const actual = {
        decision: decision.kind,
        ...('reason' in decision ? { reason: decision.reason } : { workload }),
      };
      const expected = new URL(name.replace('.yaml', '.json'), GOLDEN);
      if (process.env['WEIR_UPDATE_GOLDEN'] === '1') {
        writeFileSync(expected, `${JSON.stringify(actual, undefined, 2)}\n`);
      }
      assert.deepEqual(JSON.parse(JSON.stringify(actual)), JSON.parse(readFileSync(expected, 'utf8')));
    });
  }

  it('changes nothing when it is done again', () => {
    const once = injectWorkload(read('deployment.yaml'), 'default', 'enabled', settings).workload;
    const twice = injectWorkload(once, 'default', 'enabled', settings);
    assert.equal(twice.workload, once);
    assert.equal(twice.decision.kind, 'skip');
  });

  it('leaves the given object as it was', () => {
    const workload = read('several-ports.yaml');
    injectWorkload(workload, 'default', 'enabled', settings);
    assert.deepEqual(workload, read('several-ports.yaml'));
  });

  it('injects nothing in a namespace without the label, unless the pod asks for it', () => {
    const plain = read('deployment.yaml');
    assert.equal(injectWorkload(plain, 'default', undefined, settings).decision.kind, 'skip');
    const pod = { metadata: { annotations: { 'weir.dev/injection': 'enabled' } }, spec: { containers: [] } };
    const asking = { kind: 'Pod', ...pod };
    assert.equal(injectWorkload(asking, 'default', undefined, settings).decision.kind, 'inject');
  });

  it('leaves system namespaces alone, whatever they say', () => {
    const pod = { kind: 'Pod', metadata: { namespace: 'kube-system' }, spec: { containers: [] } };
    assert.deepEqual(injectWorkload(pod, 'default', 'enabled', settings).decision, {
      kind: 'skip',
      reason: 'kube-system is a system namespace',
    });
  });

  it('keeps nearly the whole grace period for draining, whatever it is', () => {
    for (const [seconds, drain] of [
      [undefined, '25s'],
      [120, '115s'],
      [3, '1s'],
    ] as const) {
      const pod = { kind: 'Pod', spec: { containers: [], terminationGracePeriodSeconds: seconds } };
      const { workload } = injectWorkload(pod, 'default', 'enabled', settings);
      assert.ok(JSON.stringify(workload).includes(`"--drain-time=${drain}"`), drain);
    }
  });
});
