import assert from 'node:assert/strict';
import { test } from 'node:test';
import { profileOf } from './client-profile.js';

const of = (userAgentName: string, userAgentVersion: string) => {
  const { kind, version } = profileOf({ userAgentName, userAgentVersion });
  return `${kind} ${version}`;
};

test('clients are told apart by what they say of themselves', () => {
  assert.equal(of('weir', '0.1.0'), 'sidecar 0.1.0');
  assert.equal(of('gRPC Node Pure JS', '1.14.1'), 'grpc-node 1.14');
  assert.equal(of('gRPC Go', '1.73.0'), 'grpc-go 1.73');
  assert.equal(of('gRPC Java', '1.68.1'), 'grpc-java 1.68');
  assert.equal(of('gRPC C-core linux', 'C-core 29.0.0'), 'grpc-core 1.51');
  assert.equal(of('gRPC C-core linux', 'C-core 42.0.0'), 'grpc-core 1.65');
  assert.equal(of('envoy', '1.32.0'), 'envoy 1.32.0');
});

test('a gRPC library not known here is treated as the oldest there is', () => {
  const { kind, capabilities } = profileOf({ userAgentName: 'gRPC Rust' });
  assert.equal(kind, 'grpc-core');
  assert.equal(capabilities.size, 0);
});

test('C-core is not given the ring that it crashes with', () => {
  const hasRing = (core: number) =>
    profileOf({ userAgentName: 'gRPC C-core', userAgentVersion: `C-core ${core}.0.0` }).capabilities.has(
      'ringHash',
    );
  // gRPC 1.48 to 1.52
  assert.deepEqual([26, 27, 28, 29, 30].map(hasRing), [true, false, false, false, true]);
});
