import {
  Metadata,
  Server,
  ServerCredentials,
  status as Status,
  type sendUnaryData,
  type ServerReadableStream,
  type ServerUnaryCall,
} from '@grpc/grpc-js';
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { callOptions, callUnary } from '../support/echo-client.js';
import { echoService, type EchoReply, type EchoRequest } from '../support/echo-service.js';
import { Mesh, needsWeir } from '../support/mesh.js';
import { readMetric } from '../support/read-metric.js';
import { callPath } from '../support/service-mesh.js';
import { until } from '../support/until.js';

const HEDGING = `apiVersion: weir.dev/v1
kind: GRPCPolicy
metadata: { name: echo, namespace: default }
spec:
  targetRef: { kind: Service, name: echo }
  hedging: { delay: 50ms, attempts: 3 }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: echo, namespace: default }
spec:
  host: echo
  trafficPolicy: { loadBalancer: { simple: ROUND_ROBIN } }
`;

/** A server of grpc-js that answers, or never does, and knows who has cancelled. */
class Peer {
  readonly name: string;
  slow = false;
  calls = 0;
  cancelled = 0;
  /** Bytes of client streams, by attempt. */
  readonly received: number[] = [];
  readonly #server = new Server();
  #port = 0;

  constructor(name: string) {
    this.name = name;
    this.#server.addService(echoService, {
      Unary: (call: ServerUnaryCall<EchoRequest, EchoReply>, answer: sendUnaryData<EchoReply>) => {
        this.#begin(call);
        if (!this.slow) answer(null, { server: this.name });
      },
      ClientStream: (
        call: ServerReadableStream<EchoRequest, EchoReply>,
        answer: sendUnaryData<EchoReply>,
      ) => {
        this.#begin(call);
        const at = this.received.push(0) - 1;
        call.on('data', (request: EchoRequest) => (this.received[at]! += request.payload?.length ?? 0));
        call.on('end', () => {
          if (!this.slow) answer(null, { server: this.name });
        });
      },
    });
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  async listen(): Promise<void> {
    this.#port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
        if (error === null) resolve(port);
        else reject(error);
      });
    });
  }

  destroy(): void {
    this.#server.forceShutdown();
  }

  #begin(call: { on(event: 'cancelled', listener: () => void): unknown }): void {
    this.calls++;
    // grpc-js says it of calls that have ended, too.
    if (this.slow) call.on('cancelled', () => this.cancelled++);
  }
}

describe('hedging of a GRPCPolicy', needsWeir, () => {
  const peers = ['a', 'b', 'c'].map((name) => new Peer(name));
  let mesh: Mesh;

  before(async () => {
    await Promise.all(peers.map((peer) => peer.listen()));
    mesh = new Mesh(peers);
    mesh.directory.write('hedging.yaml', HEDGING);
    await mesh.start(['--limit', 'explainBytes=4096']);
  });

  after(async () => {
    await mesh.close();
    for (const peer of peers) peer.destroy();
  });

  it('masks an endpoint that never answers, which sees its calls cancelled', async () => {
    const [slow] = peers;
    const client = mesh.client();
    slow!.slow = true;
    for (let at = 0; at < 30; at++) {
      const begunMs = performance.now();
      const { reply } = await callUnary(client, {}, { timeoutMs: 5_000 });
      assert.notEqual(reply.server, 'a');
      assert.ok(performance.now() - begunMs < 2_000);
    }
    assert.ok(slow!.calls > 0);
    await until('every call to it is cancelled', () => slow!.cancelled === slow!.calls);
    const { body } = await mesh.weir.get('/metrics');
    // A first connection may take longer than the delay as well.
    assert.ok(readMetric(body, 'weir_hedges_total') >= slow!.calls);
    assert.ok(readMetric(body, 'weir_hedges_won_total') > 0);
    slow!.slow = false;
  });

  it('sends a client stream to every attempt, and goes on with the one that answers', async () => {
    const [first, second, third] = peers;
    for (const peer of peers) peer.received.length = 0;
    first!.slow = true;
    const client = mesh.client();
    for (let at = 0; at < 3; at++) {
      const reply = await new Promise<string>((resolve, reject) => {
        const stream = client.ClientStream(
          new Metadata(),
          callOptions({ timeoutMs: 5_000 }),
          (error, answer) => {
            if (error === null) resolve(answer!.server);
            else reject(error);
          },
        );
        for (let message = 0; message < 10; message++) stream.write({ payload: Buffer.alloc(1000) });
        stream.end();
      });
      assert.notEqual(reply, 'a');
    }
    assert.ok(first!.received.length > 0, 'it was asked');
    const all = [first, second, third].flatMap((peer) => peer!.received);
    assert.ok(
      all.every((bytes) => bytes === 10_000),
      String(all),
    );
    first!.slow = false;
  });

  it('sends a request that is longer than what is kept once', async () => {
    const callsBefore = peers.reduce((sum, { calls }) => sum + calls, 0);
    const { reply } = await callUnary(mesh.client(), { payload: Buffer.alloc(300_000) });
    assert.ok(reply.server);
    assert.equal(
      peers.reduce((sum, { calls }) => sum + calls, 0),
      callsBefore + 1,
    );
  });

  it('ends with the deadline of the call, and every attempt with it', async () => {
    for (const peer of peers) peer.slow = true;
    const cancelled = peers.map((peer) => peer.cancelled);
    const { code, tookMs } = await callPath(mesh.client(), { timeoutMs: 400 });
    assert.equal(code, Status.DEADLINE_EXCEEDED);
    assert.ok(tookMs < 2_000);
    await until('all three are cancelled', () =>
      peers.every((peer, at) => peer.cancelled === cancelled[at]! + 1),
    );
    for (const peer of peers) peer.slow = false;
  });

  it('can be seen in the explanation that a call asks for', async () => {
    const [slow] = peers;
    slow!.slow = true;
    const client = mesh.client();
    let seen: { rule: { source?: string }; attempts: { pod?: string; outcome: string }[] } | undefined;
    for (let at = 0; at < 3; at++) {
      const { trailers } = await callPath(client, { metadata: { 'x-weir-explain': '1' } });
      const said = JSON.parse(String(trailers.get('x-weir-explain')[0])) as NonNullable<typeof seen>;
      if (said.attempts.length === 2) seen = said;
    }
    assert.deepEqual(
      seen?.attempts.map(({ outcome }) => outcome),
      ['given up', 'OK'],
    );
    assert.equal(seen?.attempts[0]?.pod, 'a');
    slow!.slow = false;
  });
});
