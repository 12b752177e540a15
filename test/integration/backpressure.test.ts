import { Metadata } from '@grpc/grpc-js';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, afterEach, before, describe, it } from 'node:test';
import { callOptions, callUnary, type EchoClient } from '../support/echo-client.js';
import { startEchoServer, type EchoServer } from '../support/echo-server.js';
import { direct, startMesh, type Mesh } from '../support/mesh.js';

const MiB = 1024 * 1024;
const messageBytes = MiB;
/** What a fast sender would push into a proxy without flow control. */
const messages = 128;
/** grpc-js itself keeps 16 messages at either end; windows and kernel buffers hold a few more. */
const mostMessagesUnderWay = 48;

describe('a receiver that stops reading', () => {
  let server: EchoServer;
  let mesh: Mesh;
  let client: EchoClient;

  before(async () => {
    server = await startEchoServer({ name: 'pod-1' });
    mesh = await startMesh([server]);
    client = mesh.client();
    await callUnary(client, { replyBytes: 4 * MiB });
  });
  afterEach(() => server.release());
  after(async () => {
    await mesh.close();
    server.destroy();
  });

  const residentBytes = (): number => (direct ? 0 : mesh.weir.process.residentBytes());

  /** Calls on the same connection must not notice: each moves more than one flow-control window both ways. */
  const othersGoOn = async (): Promise<void> => {
    for (let call = 0; call < 20; call++) {
      const payload = Buffer.alloc(256 * 1024, call);
      const { reply } = await callUnary(client, { payload }, { timeoutMs: 5_000 });
      assert.ok(reply.payload.equals(payload));
    }
  };

  /** Waits until `read()` has stopped changing. */
  const settled = async (read: () => number): Promise<number> => {
    for (let last = -1; ; await sleep(150)) {
      const now = read();
      if (now === last) return now;
      last = now;
    }
  };

  it('downstream holds the server back, costs the sidecar little and disturbs nobody', async () => {
    const earlier = residentBytes();
    const written = server.repliesWritten;
    const call = client.ServerStream(
      { replyCount: messages, replyBytes: messageBytes },
      new Metadata(),
      callOptions({ timeoutMs: 40_000 }),
    );
    call.on('error', () => {});
    // One message is read first: grpc-js reads without bounds until it was asked for one.
    let received = 1;
    await once(call, 'data');
    call.pause();
    const underWay = (await settled(() => server.repliesWritten)) - written;
    assert.ok(underWay < mostMessagesUnderWay, `the server wrote ${underWay} messages of 1 MiB`);

    await othersGoOn();
    const grownMiB = (residentBytes() - earlier) / MiB;
    assert.ok(grownMiB < 48, `resident memory grew by ${grownMiB.toFixed(1)} MiB`);

    call.on('data', () => received++);
    call.resume();
    await once(call, 'end');
    assert.equal(received, messages, 'everything arrives once the receiver reads again');
  });

  it('upstream holds the caller back, costs the sidecar little and disturbs nobody', async () => {
    const earlier = residentBytes();
    let written = 0;
    const answered = new Promise<number>((resolve, reject) => {
      const call = client.ClientStream(new Metadata(), callOptions({ timeoutMs: 40_000 }), (error, reply) => {
        if (error !== null) reject(error);
        else resolve(reply?.receivedCount ?? 0);
      });
      call.write({ stall: true });
      const payload = Buffer.alloc(messageBytes);
      const push = (): void => {
        if (written === messages) return void call.end();
        written++;
        call.write({ payload }, () => push());
      };
      push();
    });
    const underWay = await settled(() => written);
    assert.ok(underWay < mostMessagesUnderWay, `the caller wrote ${underWay} messages of 1 MiB`);

    await othersGoOn();
    const grownMiB = (residentBytes() - earlier) / MiB;
    assert.ok(grownMiB < 48, `resident memory grew by ${grownMiB.toFixed(1)} MiB`);

    server.release();
    assert.equal(await answered, messages + 1, 'everything arrives once the receiver reads again');
  });

  it('for ever, with many streams at once, still leaves room for others', async () => {
    const calls = Array.from({ length: 50 }, () =>
      client.ServerStream({ replyCount: messages, replyBytes: 256 * 1024 }, new Metadata(), callOptions()),
    );
    for (const call of calls) call.on('error', () => {});
    await Promise.all(
      calls.map(async (call) => {
        await once(call, 'data');
        call.pause();
      }),
    );
    await sleep(100);
    await othersGoOn();
    for (const call of calls) call.cancel();
  });
});
