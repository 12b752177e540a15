import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { HeaderBlock } from './header-block.js';
import { HeaderField } from './hpack/header-field.js';
import type { ConnectionOptions } from './options.js';
import { Call, WatchedEnd, type Stream } from './watched-end.test.support.js';

const SEED = 9113;

const REQUEST = [
  new HeaderField(':method', 'POST'),
  new HeaderField(':scheme', 'http'),
  new HeaderField(':path', '/p/M'),
  new HeaderField(':authority', 'a'),
];
const OK = new HeaderField(':status', '200');
const TRAILERS = [new HeaderField('grpc-status', '0')];

/** A message of one direction. */
interface Plan {
  readonly bytes: number;
  readonly trailers: boolean;
  /** Characters of an extra field: long ones need CONTINUATION. */
  readonly extra: number;
}

interface Exchange {
  readonly request: Plan;
  readonly response: Plan;
  /** The response begins with the request, not after it. */
  readonly eager: boolean;
}

type Action =
  | { readonly do: 'open'; readonly exchange: Exchange }
  | { readonly do: 'carry'; readonly toServer: boolean; readonly bytes: number }
  | { readonly do: 'consume'; readonly atServer: boolean }
  | { readonly do: 'block'; readonly atServer: boolean; readonly blocked: boolean }
  | { readonly do: 'reset'; readonly atServer: boolean; readonly nth: number }
  | { readonly do: 'ping'; readonly atServer: boolean };

const plans: fc.Arbitrary<Plan> = fc.record({
  bytes: fc.oneof(fc.constantFrom(0, 1, 7, 16_384, 65_535, 65_536), fc.nat({ max: 200_000 })),
  trailers: fc.boolean(),
  extra: fc.oneof(
    { weight: 9, arbitrary: fc.nat({ max: 50 }) },
    { weight: 1, arbitrary: fc.nat({ max: 40_000 }) },
  ),
});
const atServer = fc.boolean();
const actions: fc.Arbitrary<Action[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('open' as const),
        exchange: fc.record({ request: plans, response: plans, eager: fc.boolean() }),
      }),
    },
    {
      weight: 12,
      arbitrary: fc.record({
        do: fc.constant('carry' as const),
        toServer: fc.boolean(),
        bytes: fc.oneof(fc.nat({ max: 60 }), fc.nat({ max: 70_000 })),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('consume' as const), atServer }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('block' as const), atServer, blocked: fc.boolean() }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('reset' as const), atServer, nth: fc.nat({ max: 20 }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('ping' as const), atServer }) },
  ),
  { maxLength: 60 },
);

const limits: fc.Arbitrary<Partial<ConnectionOptions>> = fc.record({
  streamWindowBytes: fc.constantFrom(65_535, 70_001, 262_144),
  connectionWindowBytes: fc.constantFrom(65_535, 100_000, 1 << 20),
  maxFrameBytes: fc.constantFrom(16_384, 20_000, 100_000),
  maxConcurrentStreams: fc.constantFrom(1, 3, 1000),
  decoderTableBytes: fc.constantFrom(0, 100, 4096),
  encoderTableBytes: fc.constantFrom(0, 4096),
});

/** Pseudo-random content, so that a byte out of place is seen. */
function body(seed: number, bytes: number): Buffer {
  const content = Buffer.alloc(bytes);
  let state = seed | 1;
  for (let at = 0; at < bytes; at++)
    content[at] = (state = (Math.imul(state, 1_103_515_245) + 12_345) | 0) >>> 16;
  return content;
}

function extraField(plan: Plan): HeaderField {
  return new HeaderField('x-extra', 'e'.repeat(plan.extra));
}

/** One end that sends what its plans say, as far as it is let. */
class TalkingEnd extends WatchedEnd {
  readonly plans = new Map<number, Plan>();

  send(stream: Stream, call: Call, plan: Plan): void {
    this.plans.set(stream.id, plan);
    call.body = body(stream.id * (this.connection.role === 'server' ? 7 : 3), plan.bytes);
    call.bodyStarted = true;
    this.pump(stream, call);
  }

  pump(stream: Stream, call: Call): void {
    const plan = this.plans.get(stream.id);
    if (plan === undefined || !call.bodyStarted || stream.localEnded) return;
    const endWithData = !plan.trailers;
    // Bytes that may change right after the call, every other time.
    const stable = stream.id % 4 === 1;
    const chunk = stable ? call.body : Buffer.from(call.body);
    call.sent += this.connection.sendData(stream, chunk, call.sent, call.body.length, endWithData, stable);
    if (!stable) chunk.fill(0xaa);
    if (call.sent === call.body.length && plan.trailers) this.connection.sendHeaders(stream, TRAILERS, true);
  }

  override onSendable(stream: Stream): void {
    super.onSendable(stream);
    this.pump(stream, stream.owner!);
  }

  consumeAll(): void {
    for (const [id, call] of this.calls) {
      if (call.unconsumed === 0) continue;
      this.connection.consume(this.streams.get(id)!, call.unconsumed);
      this.connection.consumeConnection(call.unconsumed);
      call.unconsumed = 0;
    }
  }

  resetNth(nth: number): void {
    const open = [...this.connection.openStreams()];
    const stream = open[nth % Math.max(1, open.length)];
    if (stream !== undefined) this.connection.resetStream(stream, 8);
  }
}

class Client extends TalkingEnd {
  opened = 0;

  open(exchange: Exchange): boolean {
    if (!this.connection.canOpen) return false;
    const { request } = exchange;
    const call = new Call();
    const bare = request.bytes === 0 && !request.trailers;
    const stream = this.connection.openStream([...REQUEST, extraField(request)], bare, call);
    this.calls.set(stream.id, call);
    this.streams.set(stream.id, stream);
    this.opened++;
    if (!bare) this.send(stream, call, request);
    return true;
  }
}

class Server extends TalkingEnd {
  readonly #script: readonly Exchange[];

  constructor(options: Partial<ConnectionOptions>, script: readonly Exchange[]) {
    super('server', options);
    this.#script = script;
  }

  override onHeaders(stream: Stream, block: HeaderBlock, endStream: boolean): void {
    super.onHeaders(stream, block, endStream);
    if (endStream || this.#exchange(stream).eager) this.#respond(stream);
  }

  override onData(stream: Stream, chunk: Buffer, start: number, end: number, endStream: boolean): void {
    super.onData(stream, chunk, start, end, endStream);
    if (endStream) this.#respond(stream);
  }

  override onTrailers(stream: Stream): void {
    super.onTrailers(stream);
    this.#respond(stream);
  }

  #exchange(stream: Stream): Exchange {
    return this.#script[(stream.id - 1) / 2]!;
  }

  #respond(stream: Stream): void {
    if (stream.owner!.bodyStarted) return;
    const { response } = this.#exchange(stream);
    const bare = response.bytes === 0 && !response.trailers;
    this.connection.sendHeaders(stream, [OK, extraField(response)], bare);
    if (!bare && !stream.closed) this.send(stream, stream.owner!, response);
  }
}

/** Two ends, and the bytes on the way between them. */
class Line {
  readonly client: Client;
  readonly server: Server;
  #toServer: Buffer = Buffer.alloc(0);
  #toClient: Buffer = Buffer.alloc(0);

  constructor(
    clientOptions: Partial<ConnectionOptions>,
    serverOptions: Partial<ConnectionOptions>,
    script: readonly Exchange[],
  ) {
    this.client = new Client('client', clientOptions);
    this.server = new Server(serverOptions, script);
  }

  /** Carries up to `bytes`; returns how many there were. The buffer that they come in is used for something else after. */
  carry(toServer: boolean, bytes: number): number {
    const [from, to] = toServer ? [this.client, this.server] : [this.server, this.client];
    const waiting = Buffer.concat([toServer ? this.#toServer : this.#toClient, from.take()]);
    const piece = Buffer.from(waiting.subarray(0, bytes));
    const rest = waiting.subarray(bytes);
    if (toServer) this.#toServer = rest;
    else this.#toClient = rest;
    to.connection.receive(piece);
    piece.fill(0xbb);
    return piece.length;
  }

  /** Until nothing moves any more. */
  settle(): void {
    for (let turn = 0; turn < 10_000; turn++) {
      this.client.consumeAll();
      this.server.consumeAll();
      if (this.carry(true, 1 << 20) + this.carry(false, 1 << 20) === 0) return;
    }
    assert.fail('the two ends never come to rest');
  }
}

test('client and server understand each other however their bytes are cut, windows hold, nothing is lost', () => {
  fc.assert(
    fc.property(actions, limits, limits, (script, clientOptions, serverOptions) => {
      const exchanges: Exchange[] = [];
      const line = new Line(clientOptions, serverOptions, exchanges);
      const { client, server } = line;
      for (const action of script) {
        const end = 'atServer' in action && action.atServer ? server : client;
        if (action.do === 'open') {
          if (client.connection.canOpen) exchanges.push(action.exchange);
          client.open(action.exchange);
        } else if (action.do === 'carry') line.carry(action.toServer, action.bytes);
        else if (action.do === 'consume') end.consumeAll();
        else if (action.do === 'block') end.connection.blockOutput(action.blocked);
        else if (action.do === 'reset') end.resetNth(action.nth);
        else end.connection.ping();
      }
      for (const end of [client, server]) end.connection.blockOutput(false);
      line.settle();

      assert.deepEqual([client.failure, server.failure], [undefined, undefined], 'no failure');
      assert.deepEqual(
        [client.connection.activeStreams, server.connection.activeStreams],
        [0, 0],
        'both ends are idle',
      );
      assert.deepEqual([client.output, server.output], [false, false], 'and have nothing to say');
      for (const [id, call] of client.calls) {
        const other = server.calls.get(id);
        assert.equal(call.closed, true, 'every stream is closed');
        if (call.reset || other === undefined || other.reset) continue;
        const received = Buffer.concat(call.received);
        assert.ok(received.equals(other.body), `stream ${id}: the response is what was sent`);
        assert.ok(
          Buffer.concat(other.received).equals(call.body),
          `stream ${id}: the request is what was sent`,
        );
      }
      // What was reset gave its windows back: a transfer larger than any window still gets through.
      const last: Exchange = {
        request: { bytes: 1_200_000, trailers: true, extra: 0 },
        response: { bytes: 1_200_000, trailers: true, extra: 0 },
        eager: true,
      };
      exchanges.push(last);
      assert.equal(client.open(last), true);
      line.settle();
      const id = client.opened * 2 - 1;
      assert.ok(
        Buffer.concat(client.calls.get(id)!.received).equals(server.calls.get(id)!.body),
        'the last response',
      );
      assert.ok(
        Buffer.concat(server.calls.get(id)!.received).equals(client.calls.get(id)!.body),
        'the last request',
      );
    }),
    { seed: SEED, numRuns: 100 },
  );
});
