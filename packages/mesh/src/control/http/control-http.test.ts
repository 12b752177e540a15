import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TYPE_CLUSTER } from '../../xds/type-urls.js';
import { PushMetrics } from '../../xds/server/push-metrics.js';
import { answerHttp } from './control-http.js';
import { EMPTY_MODEL } from '../registry/model.js';
import type { ControlState } from './status.js';

const state = (): ControlState => ({
  origin: { directory: 'mesh' },
  followed: [],
  fileCount: 2,
  problems: [
    {
      severity: 'error',
      code: 'WEIR0002',
      file: 'a.yaml',
      line: 3,
      column: 5,
      field: 'spec',
      message: 'is wrong',
    },
  ],
  model: {
    ...EMPTY_MODEL,
    services: [
      {
        host: 'greeter.default.svc.cluster.local',
        aliases: [],
        shortName: 'greeter',
        namespace: 'default',
        addresses: [],
        ports: [
          {
            number: 50051,
            name: 'grpc',
            protocol: 'grpc',
            endpoints: [
              {
                host: 'fd00::1',
                port: 1,
                weight: 1,
                health: 'draining',
                locality: { region: '', zone: '', subZone: '' },
                pod: 'p',
                labels: {},
              },
            ],
          },
        ],
        exportTo: undefined,
        origin: 'Service default/greeter',
      },
    ],
  },
  versions: new Map([['default', 'v1']]),
  clients: [
    {
      nodeId: 'sidecar~1',
      node: undefined,
      variant: 'sotw',
      userAgent: 'weir 1',
      peer: '127.0.0.1:5',
      types: new Map([
        [
          TYPE_CLUSTER,
          {
            subscribed: ['*'],
            ackedVersion: 'v1',
            pending: false,
            state: 'NACKED',
            sinceWallMs: 1,
            rejection: { version: 'v2', message: 'no', resources: ['a'], field: undefined, wallMs: 1 },
            withheld: [],
          },
        ],
      ]),
    },
  ],
  limitsOf: () => [
    { feature: 'mirroring', effect: 'ignored', instead: 'nothing is mirrored', source: undefined },
  ],
  pushMetrics: new PushMetrics(),
  loadReports: {
    streams: 1,
    clusters: new Map([['outbound|1||a', { succeeded: 3, failed: 2, dropped: 1 }]]),
  },
  publishSeconds: 0.25,
  snapshotAgeSeconds: 7,
  wallMs: 61_001,
  pushes: 4,
  nacks: 1,
  sourceAgeSeconds: 0.5,
});

const sources = {
  state,
  compare: (client: string) => Promise.resolve(client === 'web-1' ? [{ node: 'n', resources: [] }] : []),
};
const get = (url: string) => answerHttp('GET', url, sources);

test('/ready says so', async () => {
  assert.deepEqual([(await get('/ready')).status, (await get('/ready')).body], [200, 'ready\n']);
});

test('/status tells what is known, what is wrong, and what each client has accepted and refused', async () => {
  const { status, body } = await get('/status?pretty');
  assert.equal(status, 200);
  const document = JSON.parse(body);
  assert.deepEqual(document.problems, [
    {
      severity: 'error',
      code: 'WEIR0002',
      file: 'a.yaml',
      line: 3,
      column: 5,
      field: 'spec',
      message: 'is wrong',
      text: 'a.yaml:3:5: spec: is wrong',
    },
  ]);
  assert.deepEqual(document.services[0].ports[0].endpoints, [
    { address: '[fd00::1]:1', health: 'draining', pod: 'p' },
  ]);
  assert.deepEqual(document.versions, { default: 'v1' });
  assert.deepEqual(document.clients[0].types.Cluster, {
    state: 'NACKED',
    forSeconds: 61,
    subscribed: ['*'],
    ackedVersion: 'v1',
    rejection: { version: 'v2', message: 'no', resources: ['a'] },
    withheld: [],
  });
  assert.deepEqual(document.clients[0].unsupported, [
    { feature: 'mirroring', effect: 'ignored', instead: 'nothing is mirrored' },
  ]);
});

test('/metrics is Prometheus text', async () => {
  const lines = (await get('/metrics')).body.split('\n');
  assert.ok(lines.includes('# TYPE weir_control_endpoints gauge'));
  assert.ok(lines.includes('weir_control_endpoints{health="draining"} 1'));
  assert.ok(lines.includes('weir_control_problems{severity="error"} 1'));
  assert.ok(lines.includes('weir_control_nacks_total 1'));
  assert.equal(lines.at(-1), '');
});

test('another path is answered with those there are, and another method is refused', async () => {
  assert.equal((await get('/')).status, 404);
  assert.match((await get('/')).body, /\/ready, \/metrics, \/status, \/config/);
  assert.equal((await answerHttp('POST', '/status', sources)).status, 405);
});

test('/config compares one client, and says where to find its name', async () => {
  assert.equal((await get('/config?client=web-1')).status, 200);
  const unknown = await get('/config?client=web-2');
  assert.equal(unknown.status, 404);
  assert.match(unknown.body, /no client "web-2" is connected; \/status lists those that are/);
});
