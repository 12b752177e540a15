import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMPTY_MODEL, type Model, type ModelEndpoint, type ModelService } from './model.js';
import type { Protocol } from './protocol.js';
import { withdraws } from './withdrawal.js';

const endpoint = (host: string, health: ModelEndpoint['health'] = 'healthy'): ModelEndpoint => ({
  host,
  port: 1,
  weight: 1,
  health,
  locality: { region: '', zone: '', subZone: '' },
  pod: '',
  labels: {},
});

const service = (endpoints: ModelEndpoint[], protocol: Protocol = 'grpc', host = 'a'): ModelService => ({
  host,
  aliases: [],
  shortName: undefined,
  namespace: 'default',
  addresses: [],
  ports: [{ number: 1, name: '', protocol, endpoints }],
  exportTo: undefined,
  origin: `ServiceEntry default/${host}`,
});

const model = (...services: ModelService[]): Model => ({ ...EMPTY_MODEL, services });

test('adding services and endpoints withdraws nothing', () => {
  const before = model(service([endpoint('1')]));
  assert.equal(withdraws(EMPTY_MODEL, before), false);
  assert.equal(withdraws(before, before), false);
  assert.equal(
    withdraws(before, model(service([endpoint('1'), endpoint('2')]), service([], 'grpc', 'b'))),
    false,
  );
});

test('a healthy endpoint that goes or begins to drain is a withdrawal', () => {
  const before = model(service([endpoint('1'), endpoint('2')]));
  assert.equal(withdraws(before, model(service([endpoint('1')]))), true);
  assert.equal(withdraws(before, model(service([endpoint('1'), endpoint('2', 'draining')]))), true);
});

test('a draining endpoint that goes was out of use before', () => {
  const before = model(service([endpoint('1'), endpoint('2', 'draining')]));
  assert.equal(withdraws(before, model(service([endpoint('1')]))), false);
});

test('a service or port that goes, or a port that no longer carries requests, is a withdrawal', () => {
  const before = model(service([]));
  assert.equal(withdraws(before, EMPTY_MODEL), true);
  assert.equal(withdraws(before, model(service([], 'tcp'))), true);
});
