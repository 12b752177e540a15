import assert from 'node:assert/strict';
import { ConfigDirectory } from '../../../support/config-directory.js';
import { endHeaders, HEADERS, RST_STREAM } from '../../../support/raw-frames/frame.js';
import { dial, handshake } from '../../../support/raw-frames/raw-client.js';
import type { RawPeer, Received } from '../../../support/raw-frames/raw-peer.js';
import { RawServer, welcome } from '../../../support/raw-frames/raw-server.js';
import { startRun, type WeirProcess } from '../../../support/weir-process.js';
import { fieldOf } from '../expect.js';
import { get } from '../request.js';

type Setting = readonly [id: number, value: number];

/** A request on its way through the sidecar, with both ends in the hands of the test. */
export interface Exchange {
  readonly caller: RawPeer;
  /** The server's end of the sidecar's connection. */
  readonly endpoint: RawPeer;
  /** The request as the endpoint got it. */
  readonly request: Received;
}

/** The sidecar between a caller and a server that both speak in raw frames. */
export class UpstreamTarget {
  readonly #directory = new ConfigDirectory();
  readonly #callers: RawPeer[] = [];
  #server: RawServer | undefined;
  #weir: WeirProcess | undefined;

  async start(): Promise<void> {
    this.#server = await RawServer.start();
    this.#directory.serviceEntry('backend.test', 80, [this.#server.address]);
    this.#weir = await startRun(this.#directory.path, '--listen', 'backend.test:80=127.0.0.1:0');
    await this.#weir.ready();
  }

  get server(): RawServer {
    if (this.#server === undefined) throw new Error('the target has not been started');
    return this.#server;
  }

  /** A caller after the exchange of SETTINGS. */
  async caller(): Promise<RawPeer> {
    if (this.#weir === undefined) throw new Error('the target has not been started');
    const caller = await dial(this.#weir.listener('backend.test:80'));
    this.#callers.push(caller);
    await handshake(caller);
    return caller;
  }

  /** Sends `frames` (a GET on stream 1 unless told) and takes the request at the endpoint. */
  async exchange(frames: Buffer = endHeaders(1, get()), ...values: readonly Setting[]): Promise<Exchange> {
    const caller = await this.caller();
    caller.send(frames);
    const endpoint = await this.server.accept();
    await welcome(endpoint, ...values);
    return { caller, endpoint, request: await nextRequest(endpoint) };
  }

  /** After each test; waits until the sidecar has let go of all connections. */
  async reset(): Promise<void> {
    for (const caller of this.#callers.splice(0)) caller.destroy();
    await this.server.reset();
  }

  async close(): Promise<void> {
    await this.#weir?.process.kill();
    this.#server?.close();
    this.#directory.destroy();
  }
}

export async function nextRequest(endpoint: RawPeer): Promise<Received> {
  return endpoint.until('a request', ({ type }) => type === HEADERS);
}

/** The caller learns that it gets no answer: an error status of the sidecar's own, or a reset. */
export async function expectNoAnswer(caller: RawPeer, streamId = 1): Promise<void> {
  const told = await caller.until(
    'bad news',
    (frame) =>
      frame.streamId === streamId &&
      (frame.type === RST_STREAM || (frame.type === HEADERS && !fieldOf(frame, ':status')?.startsWith('1'))),
  );
  if (told.type === HEADERS) assert.match(fieldOf(told, ':status') ?? '', /^50[0-9]$/);
}

/** The stream is reset although its response had begun. */
export async function expectCutOff(caller: RawPeer, streamId = 1): Promise<void> {
  await caller.until('RST_STREAM', ({ type, streamId: id }) => type === RST_STREAM && id === streamId);
}

/** Accepts the sidecar's next connection and greets it. */
export async function acceptNext(target: UpstreamTarget, ...values: readonly Setting[]): Promise<RawPeer> {
  const endpoint = await target.server.accept();
  await welcome(endpoint, ...values);
  return endpoint;
}
