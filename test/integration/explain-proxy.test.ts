import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { status as codes } from '@grpc/grpc-js';
import { callUnary, type EchoClient } from '../support/echo-client.js';
import { startEchoServer, type EchoServer } from '../support/echo-server.js';
import { Mesh, needsWeir } from '../support/mesh.js';
import { repositoryRoot } from '../support/node-process.js';
import { until } from '../support/until.js';

const RULES = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: echo }
spec:
  hosts: [echo]
  http:
    - name: canary
      match: [{ headers: { version: { exact: '200' } } }]
      route: [{ destination: { host: echo, subset: v2 } }]
    - name: rest
      match: [{ withoutHeaders: { lost: {} } }]
      timeout: 9s
      route: [{ destination: { host: echo, subset: v1 } }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: echo }
spec:
  host: echo
  trafficPolicy:
    loadBalancer: { simple: ROUND_ROBIN }
    connectionPool: { http: { http2MaxRequests: 100 } }
    outlierDetection: { consecutive5xxErrors: 3, baseEjectionTime: 60s, maxEjectionPercent: 50 }
  subsets:
    - { name: v1, labels: { version: v1 } }
    - { name: v2, labels: { version: v2 } }
`;

const pod = (name: string): string => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { version: ${name.slice(0, 2)} } }
`;

interface Endpoint {
  readonly address: string;
  readonly pod: string;
  readonly ejected?: boolean;
  readonly inFlight?: number;
}

interface Report {
  readonly routed: boolean;
  readonly reason: string;
  readonly matched: {
    readonly name: string;
    readonly destinations: readonly {
      readonly panicking?: boolean;
      readonly endpoints: readonly Endpoint[];
      readonly limits: readonly { readonly name: string; readonly value: string; readonly inUse?: number }[];
    }[];
  };
}

/** `weir explain` beside the servers of this process, which it must not hold up. */
async function explain(...args: string[]) {
  const child = spawn(process.execPath, ['packages/mesh/bin/weir.js', 'explain', ...args], {
    cwd: repositoryRoot,
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { status: child.exitCode, stdout, stderr };
}

/** A report without what only a running proxy knows. */
function atRest(report: Report): unknown {
  return JSON.parse(JSON.stringify(report), (key, value: unknown) =>
    ['ejected', 'inFlight', 'inUse', 'panicking'].includes(key) ? undefined : value,
  );
}

for (const concurrency of ['1', '2']) {
  describe(`weir explain --proxy, with --concurrency ${concurrency}`, needsWeir, () => {
    let servers: EchoServer[] = [];
    let mesh: Mesh;
    let clients: EchoClient[];

    before(async () => {
      servers = await Promise.all(['v1-a', 'v1-b', 'v2-a'].map((name) => startEchoServer({ name })));
      mesh = new Mesh(servers);
      for (const { name } of servers) mesh.directory.write(`pod-${name}.yaml`, pod(name));
      mesh.directory.write('rules.yaml', RULES);
      await mesh.start(['--concurrency', concurrency]);
      // One connection for each process.
      clients = [mesh.client(), mesh.client()];
      for (const client of clients) await callUnary(client);
    });
    after(async () => {
      await mesh.close();
      for (const server of servers) server.destroy();
    });

    const CALL = ['--to', 'echo:50051', '--method', '/weir.test.Echo/Unary'];

    async function ask(...args: string[]): Promise<Report> {
      const { stdout, stderr } = await explain('--proxy', mesh.weir.admin, ...CALL, ...args, '-o', 'json');
      assert.equal(stderr, '');
      return JSON.parse(stdout) as Report;
    }

    it('says what the directory says, with file and line', async () => {
      for (const header of ['version=200', 'version=100', 'lost=yes']) {
        const { stdout } = await explain('-f', mesh.directory.path, ...CALL, '-H', header, '-o', 'json');
        assert.deepEqual(atRest(await ask('-H', header)), JSON.parse(stdout));
      }
    });

    it('says how much is under way, in all processes', async () => {
      const held = clients.map((client) => callUnary(client, { hold: true }));
      await until('both are held', () => servers.reduce((sum, { open }) => sum + open, 0) === 2);
      const { matched } = await ask();
      const [destination] = matched.destinations;
      assert.equal(matched.name, 'rest');
      assert.equal(
        destination!.endpoints.reduce((sum, { inFlight = 0 }) => sum + inFlight, 0),
        2,
      );
      const requests = destination!.limits.find(({ name }) => name === 'requests');
      assert.deepEqual([requests?.value, requests?.inUse], ['100', 2]);
      const { stdout } = await explain('--proxy', mesh.weir.admin, ...CALL);
      assert.match(stdout, /^ {4}requests +100, 2 now; DestinationRule default\/echo\s+\(rules\.yaml:20\)$/m);
      for (const server of servers) server.release();
      await Promise.all(held);
    });

    it('says who is ejected', async () => {
      const bad = servers[1]!;
      bad.failing = codes.UNAVAILABLE;
      for (const client of clients) for (let at = 0; at < 12; at++) await callUnary(client).catch(() => {});
      const { matched } = await ask();
      const endpoints = matched.destinations[0]!.endpoints;
      assert.deepEqual(endpoints.map(({ pod: name, ejected }) => [name, ejected]).sort(), [
        ['v1-a', false],
        ['v1-b', true],
      ]);
      const { stdout } = await explain('--proxy', mesh.weir.admin, ...CALL);
      assert.match(stdout, new RegExp(`^ {4}${bad.address} +ejected +pod v1-b`, 'm'));
    });

    it('ends with 1 when nobody has the name, or nothing is routed on the port', async () => {
      const admin = ['--proxy', mesh.weir.admin];
      const unknown = await explain(...admin, '--to', 'ecko:50051', '--method', '/a.B/C');
      assert.equal(unknown.status, 1);
      assert.match(
        unknown.stdout,
        /^NO ROUTE: no service has the name "ecko"[^]*did\s+you\s+mean\s+"echo"\?$/m,
      );
      const port = await explain(...admin, '--to', 'echo:1', '--method', '/a.B/C');
      assert.equal(port.status, 1);
      assert.match(port.stdout, /^NO ROUTE: the proxy has no routes for port 1 \(it has 50051\)/m);
    });
  });
}

describe('weir explain --proxy, of what is no proxy', needsWeir, () => {
  const CALL = ['--to', 'echo:50051', '--method', '/a.B/C'];

  async function withServer(answer: string, test: (address: string) => Promise<void>): Promise<void> {
    const server: Server = createServer((_request, response) => response.end(answer));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      await test(`127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  it('ends with 2 and says what to do', async () => {
    let free = '';
    for (const answer of ['{"report":', 'hello', '[]']) {
      await withServer(answer, async (address) => {
        free = address;
        const { status, stderr } = await explain('--proxy', address, ...CALL);
        assert.equal(status, 2);
        assert.match(
          stderr,
          /is no proxy of Weir that can explain; --proxy takes the address of the --admin/,
        );
      });
    }
    const nobody = await explain('--proxy', free, ...CALL);
    assert.equal(nobody.status, 2);
    assert.match(nobody.stderr, /nothing listens on 127\.0\.0\.1:\d+: start `weir proxy` or `weir run`/);
  });

  it('ends with 2 when it is not said where to look, or twice', async () => {
    const neither = await explain(...CALL);
    assert.equal(neither.status, 2);
    assert.match(neither.stderr, /say where to look: -f DIR, or --proxy HOST:PORT/);
    const both = await explain(...CALL, '-f', '.', '--proxy', '127.0.0.1:1');
    assert.equal(both.status, 2);
    assert.match(both.stderr, /cannot be used with/);
  });
});
