import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DescribedClient, DescribedType } from '../../control/http/describe-client.js';
import { formatSeconds, formatStatus, hasRefusals } from './format-status.js';

const synced: DescribedType = {
  state: 'SYNCED',
  forSeconds: 3,
  subscribed: ['a'],
  ackedVersion: 't/9',
  rejection: undefined,
  withheld: [],
};

const client = (change: Partial<DescribedClient>): DescribedClient => ({
  node: 'proxyless~10.0.0.1~web-1.shop~shop.svc.cluster.local',
  kind: 'grpc-node',
  version: '1.14',
  pod: 'web-1',
  namespace: 'shop',
  userAgent: 'gRPC Node Pure JS 1.14.1',
  variant: 'sotw',
  peer: '10.0.0.1:5',
  types: { Listener: synced, Cluster: synced },
  unsupported: [],
  ...change,
});

const format = (...clients: readonly DescribedClient[]) => formatStatus({ clients, versions: {} });

test('a client has a line with the state of each type, and the version it has come to', () => {
  const types = { Listener: synced, Cluster: { ...synced, state: 'STALE', ackedVersion: 't/10' } };
  assert.equal(
    format(client({ types })),
    'CLIENT      KIND       VERSION  LDS     RDS  CDS       EDS  CONFIG\n' +
      'web-1.shop  grpc-node  1.14     SYNCED  -    STALE 3s  -    t/10\n',
  );
});

test('a refusal is shown with its resource, version, field and words', () => {
  const rejection = { version: 't/10', message: 'no such policy', resources: ['a', 'b'], field: 'lb_policy' };
  const types = { Cluster: { ...synced, state: 'NACKED', rejection } };
  assert.match(
    format(client({ types })),
    /\n {2}Cluster a and 1 more was refused in version t\/10, field lb_policy: no such policy\n/,
  );
  assert.equal(hasRefusals({ clients: [client({ types })], versions: {} }), true);
  assert.equal(hasRefusals({ clients: [client({})], versions: {} }), false);
});

test('what a client cannot do is shown with what happens instead, and where it is asked for', () => {
  const text = format(
    client({
      unsupported: [
        { feature: 'mirroring', effect: 'ignored', instead: 'nothing is mirrored', source: 'a.yaml:3' },
        { feature: 'warmup', effect: 'approximated', instead: 'less', source: undefined },
      ],
      types: { ClusterLoadAssignment: { ...synced, withheld: ['huge'] } },
    }),
  );
  assert.match(text, /\n {2}mirroring is not supported: nothing is mirrored \(a\.yaml:3\)\n/);
  assert.match(text, /\n {2}warmup is only approximated: less\n/);
  assert.match(text, /\n {2}ClusterLoadAssignment huge is too large for one message to this client/);
});

test('without clients it says so', () => {
  assert.equal(format(), 'no proxy and no client is connected\n');
});

test('times are told in the largest unit that fits', () => {
  assert.deepEqual([59, 60, 7200, 200_000].map(formatSeconds), ['59s', '1m', '2h', '2d']);
});
