import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { authorityOfK8sTarget, parseK8sTarget } from './k8s-target.js';

describe('parseK8sTarget', () => {
  it('takes a Service by its name in DNS, and a port by number or name', () => {
    const shop = { service: 'greeter', namespace: 'shop' };
    assert.deepEqual(parseK8sTarget('greeter.shop:50051'), { ...shop, port: 50051 });
    assert.deepEqual(parseK8sTarget('greeter.shop.svc:grpc-web'), { ...shop, port: 'grpc-web' });
    assert.deepEqual(parseK8sTarget('greeter.shop.svc.cluster.local:1'), { ...shop, port: 1 });
    assert.deepEqual(parseK8sTarget('native-tools-2'), {
      service: 'native-tools-2',
      namespace: undefined,
      port: undefined,
    });
  });

  it('refuses anything else, and says how to write it', () => {
    for (const target of [
      '',
      'Greeter',
      'a.b.c:1',
      'a.b:0',
      'a.b:70000',
      'a.b:',
      'a.b/c',
      '10.0.0.1:50051x!',
    ]) {
      assert.throws(
        () => parseK8sTarget(target),
        /names no Service; write k8s:\/\/\/name\.namespace:port/,
        target,
      );
    }
  });

  it('leaves the name of a port out of the authority', () => {
    assert.equal(authorityOfK8sTarget('greeter.shop:grpc'), 'greeter.shop');
    assert.equal(authorityOfK8sTarget('greeter.shop:50051'), 'greeter.shop:50051');
    assert.equal(authorityOfK8sTarget('greeter.shop'), 'greeter.shop');
  });
});
