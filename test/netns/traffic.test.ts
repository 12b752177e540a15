import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { until } from '../support/until.js';
import type { Cluster } from './cluster.js';
import { appManifests, apply, serviceManifests } from './deployments.js';
import { countAnswers } from './greeter-manifests.js';
import { startMeshedCluster } from './mesh.js';

const ODD = { app: 'odd' };
const GREETERS = { app: 'native-tools-2' };

describe('what passes through a mesh', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await startMeshedCluster('shop');
    await cluster.shell(
      'kubectl apply -n shop -f examples/greeter/deploy/ && ' +
        // The canary: the same application, labelled v2.
        'sed "s/^  name: native-tools-2$/  name: native-tools-2-v2/; s/version: v1/version: v2/; s/replicas: 3/replicas: 1/" ' +
        'examples/greeter/deploy/server.yaml | kubectl apply -n shop -f -',
    );
    await cluster.shell(
      appManifests('shop', 'odd', 'apps/odd-server', {
        ports: [8080, 6379, 8443, 7000],
        readinessProbe: { tcpSocket: { port: 7000 } },
      }) +
        serviceManifests('shop', 'odd', [
          { name: 'http', port: 8080 },
          { name: 'tcp-redis', port: 6379 },
          { name: 'https', port: 8443 },
        ]),
    );
    await cluster.settled(GREETERS, 4);
    await cluster.settled({ app: 'native-tools-1' }, 1);
    await cluster.settled(ODD, 1);
  });
  after(() => cluster.close());

  it('goes to a canary by header, and the rest by weight', async () => {
    const v2 = cluster.pods({ ...GREETERS, version: 'v2' }).map(({ name }) => name);
    assert.equal(v2.length, 1);
    await cluster.shell(`kubectl apply -n shop -f - <<'YAML'
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: native-tools-2}
spec:
  host: native-tools-2
  subsets:
    - {name: v1, labels: {version: v1}}
    - {name: v2, labels: {version: v2}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: native-tools-2}
spec:
  hosts: [native-tools-2]
  http:
    - match: [{headers: {version: {exact: v2}}}]
      route: [{destination: {host: native-tools-2, subset: v2}}]
    - route:
        - {destination: {host: native-tools-2, subset: v1}, weight: 80}
        - {destination: {host: native-tools-2, subset: v2}, weight: 20}
YAML`);
    const byHeader = () => countAnswers(cluster, 10, 'name=native-tools-2&version=v2');
    let answers = await byHeader();
    await until('the rules to be in force', async () => (answers = await byHeader()).size === 1, 5_000);
    assert.deepEqual([...answers], [[v2[0], 10]]);
    const weighted = await countAnswers(cluster, 200);
    const canary = weighted.get(v2[0]!) ?? 0;
    assert.equal(weighted.size, 4, JSON.stringify([...weighted]));
    // 40 expected, and five standard deviations of a fair draw.
    assert.ok(canary > 12 && canary < 68, `${canary} of 200 went to the canary`);
  });

  it('is refused by the webhook when it is what weir analyze calls wrong, in the same words', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'weir-netns-rules-'));
    try {
      const text = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: wrong, namespace: shop}
spec:
  hosts: [odd]
  http: [{route: [{destination: {host: odd, subset: nowhere, port: {number: 8080}}}]}]
`;
      writeFileSync(join(folder, 'rule.yaml'), text);
      const service = { metadata: { name: 'odd', namespace: 'shop' }, spec: { ports: [{ port: 8080 }] } };
      writeFileSync(
        join(folder, 'service.yaml'),
        JSON.stringify({ apiVersion: 'v1', kind: 'Service', ...service }),
      );
      const analyzed = await cluster.shell(`weir analyze -f ${folder} || true`);
      const words = /ERROR (WEIR\d+).*?: (\S.*subset.*)$/m.exec(analyzed);
      assert.ok(words !== null, analyzed);
      const applied = await cluster.shell(`kubectl apply -f ${folder}/rule.yaml 2>&1 || true`);
      assert.ok(applied.includes(words[1]!) && applied.includes(words[2]!), `${analyzed}\n${applied}`);
      assert.equal(cluster.api.get('networking.istio.io/v1', 'VirtualService', 'wrong', 'shop'), undefined);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('is left as it is when it is HTTP/1.1, TLS, or a protocol whose server speaks first', async () => {
    const sent = ['Host', 'odd:8080', 'User-Agent', 'test', 'Accept', '*/*'];
    const http = await cluster.exec({ app: 'native-tools-1' }, 'curl -sS -A test http://odd:8080/path?a=b');
    const { method, url, headers } = JSON.parse(http) as Record<string, unknown>;
    assert.deepEqual([method, url], ['GET', '/path?a=b']);
    // The last hop is a connection of the sidecar's, which speaks for itself (RFC 9110 7.6.1).
    assert.deepEqual(headers, [...sent, 'Connection', 'keep-alive']);
    // What is no service of the cluster's is not even read.
    const stranger = createServer(({ rawHeaders }, response) => response.end(JSON.stringify(rawHeaders)));
    await new Promise<void>((resolve) => void stranger.listen(0, '0.0.0.0', resolve));
    try {
      const { port } = stranger.address() as AddressInfo;
      const host = `${new URL(cluster.api.url).hostname}:${port}`;
      const seen = await cluster.exec({ app: 'native-tools-1' }, `curl -sS -A test http://${host}/`);
      assert.deepEqual(JSON.parse(seen), sent.with(1, host));
    } finally {
      stranger.close();
    }
    assert.equal(await cluster.exec({ app: 'native-tools-1' }, 'curl -sSk https://odd:8443/'), 'over TLS\n');
    const redis = await cluster.exec(
      { app: 'native-tools-1' },
      'exec 3<>/dev/tcp/odd/6379; head -n1 <&3; printf "PING\\r\\n" >&3; head -n1 <&3',
    );
    assert.equal(redis, '+READY odd\r\n+ping\r\n');
  });

  it('does not hide from the kubelet that an application has stopped listening', async () => {
    const [odd] = cluster.pods(ODD);
    assert.ok(odd!.pod.container('weir-proxy') !== undefined);
    await cluster.exec(ODD, 'curl -sS http://127.0.0.1:8080/close');
    await until('the pod to be not ready', () => !odd!.pod.ready, 10_000);
    await cluster.exec(ODD, 'curl -sS http://127.0.0.1:8080/open');
    await until('the pod to be ready again', () => odd!.pod.ready, 10_000);
  });

  it('passes a pod on the host network by, which is told so', async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'on-host', labels: { app: 'on-host' } },
      spec: {
        hostNetwork: true,
        containers: [{ name: 'app', image: 'node:20', command: ['sleep', '60'] }],
      },
    };
    const told = await cluster.shell(apply('shop', pod));
    assert.match(told, /Warning: .*hostNetwork/);
    await cluster.settled({ app: 'on-host' }, 1);
    const [onHost] = cluster.pods({ app: 'on-host' });
    assert.equal(onHost!.pod.container('weir-proxy'), undefined);
  });

  it('passes a pod of an unlabelled namespace by', async () => {
    await cluster.api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'plain' } });
    await cluster.shell(appManifests('plain', 'plain', 'load/load-server'));
    await cluster.settled({ app: 'plain' }, 1);
    assert.equal(cluster.pods({ app: 'plain' })[0]!.pod.container('weir-proxy'), undefined);
  });

  it('is balanced with proxy-env, without any privilege, where the namespace is restricted', async () => {
    const labels = {
      'weir.dev/injection': 'enabled',
      'pod-security.kubernetes.io/enforce': 'restricted',
    };
    await cluster.api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'locked', labels } });
    await cluster.shell(
      serviceManifests('locked', 'load-server', [{ name: 'grpc', port: 50051 }]) +
        appManifests('locked', 'load-server', 'load/load-server', { replicas: 3 }) +
        appManifests('locked', 'caller', 'apps/fan', {
          annotations: { 'weir.dev/capture': 'proxy-env' },
          env: { TARGET: 'load-server:50051', CALLS: '30' },
        }),
    );
    await cluster.settled({ app: 'load-server' }, 3);
    await cluster.settled({ app: 'caller' }, 1);
    const [caller] = cluster.pods({ app: 'caller' });
    assert.equal(caller!.pod.container('weir-capture'), undefined);
    assert.equal(Object.keys(await fan('caller')).length, 3);
  });

  it('is balanced over a headless Service, and a pod that is called by its own name answers itself', async () => {
    await cluster.shell(
      serviceManifests('shop', 'many', [{ name: 'grpc', port: 50051 }], { clusterIP: 'None' }) +
        appManifests('shop', 'many', 'load/load-server', { replicas: 3 }),
    );
    await cluster.settled({ app: 'many' }, 3);
    await cluster.shell(
      appManifests('shop', 'fan', 'apps/fan', { env: { TARGET: 'many:50051', CALLS: '30' } }),
    );
    await cluster.settled({ app: 'fan' }, 1);
    assert.equal(Object.keys(await fan('fan')).length, 3);
    const { name, pod } = cluster.pods({ app: 'many' })[1]!;
    assert.deepEqual(await fan('fan', `${pod.network.address}:50051`), { [name]: 30 });
  });

  /** How many of thirty calls each pod has answered. */
  async function fan(app: string, target = ''): Promise<Record<string, number>> {
    const address = cluster.pods({ app })[0]!.pod.network.address;
    const response = await fetch(`http://${address}:8081/fan?target=${target}`);
    return (await response.json()) as Record<string, number>;
  }
});
