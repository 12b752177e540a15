import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Metadata } from '@grpc/grpc-js';
import { callUnary, type EchoClient } from '../support/echo-client.js';
import { startEchoServer, type EchoServer } from '../support/echo-server.js';
import { needsWeir, startMesh, type Mesh } from '../support/mesh.js';
import { until } from '../support/until.js';

const CALLS = 400;

/** Calls at a time, so that there is always one under way when the file changes. */
const CALLERS = 4;

const DESTINATION_RULE = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: echo, namespace: default }
spec:
  host: echo
  subsets:
    - { name: v1, labels: { version: v1 } }
    - { name: v2, labels: { version: v2 } }
`;

const pod = (name: string, version: string): string => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: default, labels: { app: echo, version: ${version} } }
`;

/** \`step\` comes back in a response header, so that a test knows which rules a call met. */
const byWeight = (v1: number, v2: number): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: echo, namespace: default }
spec:
  hosts: [echo]
  http:
    - headers: { response: { set: { x-step: '${v1}/${v2}' } } }
      route:
        - { destination: { host: echo, subset: v1 }, weight: ${v1} }
        - { destination: { host: echo, subset: v2 }, weight: ${v2} }
`;

const byHeader = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: echo, namespace: default }
spec:
  hosts: [echo]
  http:
    - match: [{ headers: { version: { exact: '200' } } }]
      headers: { response: { set: { x-step: header } } }
      route: [{ destination: { host: echo, subset: v2 } }]
    - headers: { response: { set: { x-step: header } } }
      route: [{ destination: { host: echo, subset: v1 } }]
`;

describe('a canary', needsWeir, () => {
  let servers: EchoServer[];
  let mesh: Mesh;
  let client: EchoClient;

  before(async () => {
    servers = await Promise.all(['v1-a', 'v1-b', 'v2-a'].map((name) => startEchoServer({ name })));
    mesh = await startMesh(servers);
    for (const { name } of servers) mesh.directory.write(`pod-${name}.yaml`, pod(name, name.slice(0, 2)));
    mesh.directory.write('destination-rule.yaml', DESTINATION_RULE);
    client = mesh.client();
  });
  after(async () => {
    await mesh.close();
    for (const server of servers) server.destroy();
  });

  /** The subset that answered one call, and the rules that the call met. Rejects when the call fails. */
  async function call(version?: string): Promise<{ readonly step: string; readonly subset: string }> {
    const metadata = new Metadata();
    if (version !== undefined) metadata.set('version', version);
    const { reply, headers } = await callUnary(client, {}, { metadata });
    return { step: String(headers.get('x-step')[0] ?? ''), subset: reply.server.slice(0, 2) };
  }

  /** Writes the rules under load, and resolves to the calls that each subset answered by them. */
  async function walkTo(step: string, rules: string): Promise<Record<string, number>> {
    const counts: Record<string, number> = { v1: 0, v2: 0 };
    let counted = 0;
    const load = async (): Promise<void> => {
      const giveUpMs = performance.now() + 20_000;
      while (counted < CALLS) {
        assert.ok(performance.now() < giveUpMs, `${step} is not in force after 20 s`);
        const met = await call();
        if (met.step !== step) continue;
        counted++;
        counts[met.subset] = (counts[met.subset] ?? 0) + 1;
      }
    };
    const callers = Array.from({ length: CALLERS }, load);
    mesh.directory.write('virtual-service.yaml', rules);
    await Promise.all(callers);
    return counts;
  }

  it('walks from one version to the other by weights, and no call fails on the way', async () => {
    for (const [v1, v2] of [
      [100, 0],
      [90, 10],
      [50, 50],
      [0, 100],
    ] as const) {
      const counts = await walkTo(`${v1}/${v2}`, byWeight(v1, v2));
      const total = counts['v1']! + counts['v2']!;
      const share = v2 / 100;
      // Five standard deviations: one run in a million fails by chance.
      const slack = 5 * Math.sqrt(total * share * (1 - share));
      const off = Math.abs(counts['v2']! - total * share);
      assert.ok(off <= slack, `${v1}/${v2}: v2 answered ${counts['v2']} of ${total}`);
    }
  });

  it('goes by the header that a caller sends, and no call fails on the way', async () => {
    const counts = await walkTo('header', byHeader);
    assert.equal(counts['v2'], 0);
    await until('a call with the header meets the rules', async () => (await call('200')).step === 'header');
    for (let at = 0; at < 100; at++) {
      assert.equal((await call('200')).subset, 'v2');
      assert.equal((await call('100')).subset, 'v1');
    }
  });
});
