import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { status as codes } from '@grpc/grpc-js';
import { ConfigDirectory } from '../support/config-directory.js';
import { createEchoClient, type EchoClient } from '../support/echo-client.js';
import { startEchoServer, type EchoServer } from '../support/echo-server.js';
import { needsWeir } from '../support/mesh.js';
import { callPath } from '../support/service-mesh.js';
import { startControl, startProxy, type WeirProcess } from '../support/weir-process.js';

/** A rule that says in a response header that it was met. */
const marked = (mark: string, host: string, match = ''): string =>
  `    - ${match === '' ? '' : `match: [{ ${match} }]\n      `}headers: { response: { set: { x-rule: ${mark} } } }
      route: [{ destination: { host: ${host} } }]
`;

function virtualService(name: string, namespace: string, spec: string, rules: string): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  ${spec}
  http:
${rules}`;
}

/** Binds every caller of one address to one endpoint: whoever it does not hold for meets both. */
const bound = (name: string, namespace: string, more: string): string => `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${name}, namespace: ${namespace} }
spec: { host: ${name}.shop.svc.cluster.local, ${more}, trafficPolicy: { loadBalancer: { consistentHash: { useSourceIp: true } } } }
`;

const service = (name: string): string => `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { ports: [{ name: grpc, port: 50051 }, { name: grpc-2, port: 50052 }] }
`;

function slice(name: string, server: EchoServer): string {
  return `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}-${server.name}, namespace: shop, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [{ name: grpc, port: ${server.port} }, { name: grpc-2, port: ${server.port} }]
endpoints: [{ addresses: [127.0.0.1] }]
`;
}

/** Three sidecars under one control plane: one of another namespace, and two of one, which differ in a label. */
const SIDECARS = {
  front: ['--namespace', 'front', '--label', 'app=web'],
  shop: ['--namespace', 'shop', '--label', 'app=web', '--label', 'tier=gold'],
  plain: ['--namespace', 'shop'],
} as const;

type SidecarName = keyof typeof SIDECARS;

describe('whom a rule is for', needsWeir, () => {
  const servers: EchoServer[] = [];
  const sidecars = new Map<SidecarName, WeirProcess>();
  const clients: EchoClient[] = [];
  const directory = new ConfigDirectory();
  let control: WeirProcess;

  before(async () => {
    for (const name of ['a', 'b']) servers.push(await startEchoServer({ name }));
    const [a, b] = servers as [EchoServer, EchoServer];
    const objects = [
      ...['sources', 'private', 'delegating', 'held', 'workload'].flatMap((name) => [
        service(name),
        slice(name, a),
        slice(name, b),
      ]),
      virtualService(
        'sources',
        'shop',
        'hosts: [sources]',
        [
          marked('gold', 'sources', 'sourceLabels: { app: web, tier: gold }'),
          marked('front', 'sources', 'sourceNamespace: front'),
          marked('port', 'sources', 'port: 50052'),
          marked('rest', 'sources'),
        ].join(''),
      ),
      virtualService('private', 'shop', 'hosts: [private]\n  exportTo: ["."]', marked('private', 'private')),
      virtualService(
        'delegating',
        'shop',
        'hosts: [delegating]',
        `    - match: [{ uri: { prefix: /weir.test. } }]
      delegate: { name: delegate, namespace: shop-rules }
${marked('root', 'delegating')}`,
      ),
      virtualService(
        'delegate',
        'shop-rules',
        'exportTo: ["*"]',
        [
          marked(
            'delegate-unary',
            'delegating.shop.svc.cluster.local',
            'uri: { exact: /weir.test.Echo/Unary }',
          ),
          marked('delegate', 'delegating.shop.svc.cluster.local'),
        ].join(''),
      ),
      bound('held', 'shop', 'exportTo: ["."]'),
      bound('workload', 'shop', 'workloadSelector: { matchLabels: { tier: gold } }'),
      `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: entry, namespace: shop }
spec:
  hosts: [entry.invalid]
  addresses: [240.1.2.3]
  location: MESH_EXTERNAL
  resolution: STATIC
  exportTo: [shop]
  ports: [{ number: 80, name: grpc, protocol: HTTP2, targetPort: ${a.port} }]
  endpoints:
    - { address: 127.0.0.1 }
    - { address: 127.0.0.1, ports: { grpc: ${b.port} } }
`,
    ];
    directory.write('objects.yaml', objects.join('---\n'));
    control = await startControl(directory.path);
    for (const [name, args] of Object.entries(SIDECARS)) {
      const sidecar = await startProxy(control.xds, ...args);
      sidecars.set(name as SidecarName, sidecar);
      await sidecar.ready();
    }
  });
  after(async () => {
    for (const client of clients) client.close();
    for (const { process } of sidecars.values()) await process.kill();
    await control.process.kill();
    for (const server of servers) server.destroy();
    directory.destroy();
  });
  beforeEach(() => {
    for (const server of servers) server.calls = 0;
  });

  function clientOf(sidecar: SidecarName, host: string, port = 50051): EchoClient {
    const client = createEchoClient(`${host}:${port}`, { connectProxy: sidecars.get(sidecar)!.outbound });
    clients.push(client);
    return client;
  }

  async function ruleFor(sidecar: SidecarName, host: string, port = 50051, path?: string): Promise<string> {
    const name = `${host}.shop.svc.cluster.local`;
    const { headers } = await callPath(clientOf(sidecar, name, port), path === undefined ? {} : { path });
    return String(headers.get('x-rule')[0] ?? 'none');
  }

  it('is told by sourceLabels, sourceNamespace and port', async () => {
    assert.equal(await ruleFor('shop', 'sources'), 'gold');
    assert.equal(await ruleFor('front', 'sources'), 'front');
    assert.equal(await ruleFor('plain', 'sources'), 'rest');
    assert.equal(await ruleFor('plain', 'sources', 50052), 'port');
  });

  it('is told by exportTo of a VirtualService', async () => {
    assert.equal(await ruleFor('plain', 'private'), 'private');
    assert.equal(await ruleFor('front', 'private'), 'none');
  });

  it('is what a delegate makes of it, within the rule that delegates', async () => {
    assert.equal(await ruleFor('front', 'delegating'), 'delegate-unary');
    assert.equal(await ruleFor('front', 'delegating', 50051, '/weir.test.Other/Unary'), 'delegate');
    assert.equal(await ruleFor('front', 'delegating', 50051, '/other.Other/Unary'), 'root');
  });

  /** Whether the DestinationRule of a service holds for a sidecar. */
  async function holdsFor(sidecar: SidecarName, host: string): Promise<boolean> {
    for (const server of servers) server.calls = 0;
    const client = clientOf(sidecar, `${host}.shop.svc.cluster.local`);
    for (let at = 0; at < 40; at++) assert.equal((await callPath(client)).code, codes.OK);
    return servers.some(({ calls }) => calls === 0);
  }

  it('is told by exportTo and workloadSelector of a DestinationRule', async () => {
    assert.equal(await holdsFor('plain', 'held'), true);
    assert.equal(await holdsFor('front', 'held'), false);
    assert.equal(await holdsFor('shop', 'workload'), true);
    assert.equal(await holdsFor('plain', 'workload'), false);
    assert.equal(await holdsFor('front', 'workload'), false);
  });

  it('is a ServiceEntry that is exported to some namespaces, found by host and by address', async () => {
    for (const host of ['entry.invalid', '240.1.2.3']) {
      for (const server of servers) server.calls = 0;
      const client = clientOf('shop', host, 80);
      for (let at = 0; at < 20; at++) assert.equal((await callPath(client)).code, codes.OK);
      for (const { calls } of servers) assert.ok(calls > 0);
    }
    const { code } = await callPath(clientOf('front', 'entry.invalid', 80), { timeoutMs: 3_000 });
    assert.notEqual(code, codes.OK);
  });
});
