import fc from 'fast-check';
import { CANCEL, INTERNAL_ERROR, NO_ERROR, REFUSED_STREAM } from '../../http2/error-code.js';
import type { Fields, PeerCall } from './peer.test.support.js';
import { RelayRig, type RigOptions } from './relay-rig.test.support.js';

/** What may happen, and how often in proportion. */
const LIKELIHOODS = {
  call: 12,
  send: 12,
  endRequest: 8,
  cancel: 1,
  callerStalls: 3,
  callerReads: 3,
  callerLost: 1,
  callerBlocked: 1,
  callerFree: 2,
  headers: 4,
  reply: 12,
  finish: 8,
  trailersOnly: 2,
  fail: 3,
  failAtOnce: 2,
  refuse: 2,
  reset: 1,
  endpointStalls: 3,
  endpointReads: 3,
  goaway: 2,
  endpointLost: 1,
  endpointEnds: 1,
  endpointRefuses: 1,
  endpointAccepts: 2,
  removeEndpoint: 1,
  restoreEndpoints: 2,
  step: 4,
  wait: 2,
};

export interface Step {
  readonly kind: keyof typeof LIKELIHOODS;
  readonly at: number;
  readonly size: number;
}

/** What one side has sent, to be compared with what the other has received. */
export const sentBy = new WeakMap<PeerCall, Buffer>();

let counter = 0;
let attempts = 0;

function bytes(size: number): Buffer {
  return Buffer.from(Array.from({ length: size }, () => (counter = (counter + 1) % 251)));
}

function send(call: PeerCall, size: number): void {
  const chunk = bytes(size);
  sentBy.set(call, Buffer.concat([sentBy.get(call) ?? Buffer.alloc(0), chunk]));
  call.send(chunk);
}

/** Callers and endpoints doing whatever the steps say, in whatever order. */
export class Turmoil {
  readonly rig: RelayRig;
  readonly callers;
  readonly calls: PeerCall[] = [];
  readonly ids = new Map<PeerCall, string>();

  constructor(options: RigOptions = {}) {
    this.rig = new RelayRig({
      endpoints: 3,
      ...options,
      relay: { maxQueuedBytes: 100_000, replayBytes: 20_000 },
    });
    const [, second, third] = this.rig.endpoints;
    second!.options = { maxConcurrentStreams: 2 };
    third!.options = { streamWindowBytes: 65_535, connectionWindowBytes: 65_535 };
    this.callers = [
      this.rig.connect(),
      this.rig.connect({ streamWindowBytes: 65_535, connectionWindowBytes: 65_535 }),
    ];
  }

  get requests(): PeerCall[] {
    return this.rig.endpoints.flatMap(({ calls }) => calls);
  }

  do({ kind, at, size }: Step): void {
    const { rig } = this;
    const callerAt = at % this.callers.length;
    const caller = this.callers[callerAt]!;
    const endpoint = rig.endpoints[at % rig.endpoints.length]!;
    const connection = endpoint.connections[at % Math.max(endpoint.connections.length, 1)];
    const call = this.#open(this.calls, at);
    const request = this.#open(this.requests, at);
    switch (kind) {
      case 'call': {
        const id = String(this.calls.length);
        const made = caller.peer.call({ 'x-id': id });
        this.calls.push(made);
        this.ids.set(made, id);
        if (size % 2 === 0) made.send('', true);
        break;
      }
      case 'send':
        if (call !== undefined && !call.stream.localEnded) send(call, size);
        break;
      case 'endRequest':
        if (call !== undefined && size % 4 > 0) call.send('', true);
        else call?.sendTrailers({ 'x-end': 'yes' });
        break;
      case 'cancel':
        call?.reset(CANCEL);
        break;
      case 'callerStalls':
        if (call !== undefined) call.stalled = true;
        break;
      case 'callerReads':
        call?.readOn();
        break;
      case 'callerLost':
        caller.wire.lose(size % 2 === 0 ? undefined : new Error('read ECONNRESET'));
        this.callers[callerAt] = rig.connect();
        break;
      case 'callerBlocked':
        caller.connection.connection.blockOutput(true);
        break;
      case 'callerFree':
        caller.connection.connection.blockOutput(false);
        break;
      case 'headers':
        if (request !== undefined && !request.stream.localEnded) begin(request);
        break;
      case 'reply':
        if (request === undefined || request.stream.localEnded) break;
        begin(request);
        send(request, size);
        break;
      case 'finish':
        if (request === undefined || request.stream.localEnded) break;
        begin(request);
        request.sendTrailers({ 'grpc-status': '0' });
        break;
      case 'trailersOnly':
        if (request !== undefined && !begun.has(request))
          request.sendHeaders({ ...headersOf(request), 'grpc-status': '0' }, true);
        break;
      case 'fail':
        if (request === undefined || request.stream.localEnded) break;
        begin(request);
        request.sendTrailers({ 'grpc-status': '14', ...pushback(size) });
        break;
      case 'failAtOnce':
        if (request !== undefined && !begun.has(request))
          request.sendHeaders({ ...headersOf(request), 'grpc-status': '14', ...pushback(size) }, true);
        break;
      case 'refuse':
        request?.reset(REFUSED_STREAM);
        break;
      case 'reset':
        request?.reset([CANCEL, INTERNAL_ERROR, NO_ERROR][size % 3]);
        break;
      case 'endpointStalls':
        if (request !== undefined) request.stalled = true;
        break;
      case 'endpointReads':
        request?.readOn();
        break;
      case 'goaway':
        if (request !== undefined && !begun.has(request)) request.leaveOut();
        else connection?.peer.connection.goaway(NO_ERROR);
        break;
      case 'endpointLost':
        connection?.wire.lose(new Error('read ECONNRESET'));
        break;
      case 'endpointEnds':
        connection?.wire.end();
        break;
      case 'endpointRefuses':
        endpoint.mode = size % 2 === 0 ? 'refuse' : 'silent';
        break;
      case 'endpointAccepts':
        endpoint.mode = 'accept';
        break;
      case 'removeEndpoint':
        rig.applyEndpoints(rig.endpoints.filter((one) => one !== endpoint));
        break;
      case 'restoreEndpoints':
        rig.applyEndpoints(rig.endpoints);
        break;
      case 'step':
        caller.wire.step();
        connection?.wire.step();
        break;
      case 'wait':
        rig.advance(size);
        break;
    }
    // Now and then several things happen before anyone gets to hear of them.
    if (size % 3 > 0) rig.settle();
  }

  /** Lets everything end as well as it still can. */
  end(): void {
    const { rig } = this;
    rig.settle();
    for (const endpoint of rig.endpoints) endpoint.mode = 'accept';
    for (const { connection } of this.callers) connection.connection.blockOutput(false);
    for (let round = 0; round < 10; round++) {
      for (const call of [...this.calls, ...this.requests]) if (!call.over) call.readOn();
      for (const call of this.calls) if (!call.over) call.send('', true);
      rig.settle();
      for (const request of this.requests) {
        if (request.leftOut || request.stream.closed || request.stream.localEnded) continue;
        begin(request);
        request.sendTrailers({ 'grpc-status': '0' });
      }
      rig.settle();
      rig.advance(6_000);
    }
  }

  #open(calls: readonly PeerCall[], at: number): PeerCall | undefined {
    const open = calls.filter(({ stream, leftOut }) => !stream.closed && !leftOut);
    return open[at % Math.max(open.length, 1)];
  }
}

const begun = new WeakSet<PeerCall>();

function begin(request: PeerCall): void {
  if (begun.has(request)) return;
  begun.add(request);
  request.sendHeaders(headersOf(request));
}

const numbers = new WeakMap<PeerCall, string>();

/** What tells the responses of the attempts of one call apart. */
export function attemptOf(request: PeerCall): string {
  const number = numbers.get(request) ?? String(++attempts);
  numbers.set(request, number);
  return number;
}

function headersOf(request: PeerCall): Fields {
  return { ':status': '200', 'content-type': 'application/grpc', 'x-attempt': attemptOf(request) };
}

/** Now and then an endpoint says when to come back. */
function pushback(size: number): Fields {
  if (size % 5 === 0) return { 'grpc-retry-pushback-ms': '-1' };
  return size % 5 === 1 ? { 'grpc-retry-pushback-ms': String(size % 100) } : {};
}

const kinds = Object.entries(LIKELIHOODS) as [Step['kind'], number][];
export const steps = fc.array(
  fc.record({
    kind: fc.oneof(...kinds.map(([kind, weight]) => ({ arbitrary: fc.constant(kind), weight }))),
    at: fc.nat(1000),
    size: fc.nat(20_000),
  }),
  { minLength: 20, maxLength: 150, size: 'max' },
);
