import {
  Metadata,
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerErrorResponse,
  type ServerOptions,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import type { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { copyMetadata, echoService, type EchoReply, type ReceivedEchoRequest } from './echo-service.js';

export interface EchoServerOptions {
  /** Comes back in every reply. */
  readonly name: string;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: a free port. */
  readonly port?: number;
  readonly grpc?: ServerOptions;
}

/** What the four kinds of call have in common. */
interface AnyCall extends EventEmitter {
  readonly metadata: Metadata;
  readonly cancelled: boolean;
  getPeer(): string;
  getHost(): string;
  sendMetadata(headers: Metadata): void;
}

/** A gRPC server that does what the request asks for, and counts what a test wants to know. */
export class EchoServer {
  readonly name: string;
  /** Calls that have begun. */
  calls = 0;
  /** Calls that are running now. */
  open = 0;
  /** Calls that ended because the other side, or its deadline, called them off. */
  cancelled = 0;
  /** Replies handed to gRPC by ServerStream. */
  repliesWritten = 0;
  /** Messages taken from the client by ClientStream and Bidi. */
  messagesRead = 0;
  /** `:authority` of the last call. */
  lastAuthority = '';
  /** Every unary call fails with this status; 0: as it asks. */
  failing = 0;
  /** So long, in milliseconds, every unary call takes in addition. */
  slowMs = 0;
  /** The addresses that calls came from: one per connection. */
  readonly peers = new Set<string>();
  #address = '';
  #releaseHeld: () => void = () => {};
  #held: Promise<void> = Promise.resolve();
  readonly #server: Server;

  constructor(name: string, options: ServerOptions = {}) {
    this.name = name;
    this.#server = new Server({
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      ...options,
    });
    this.#server.addService(echoService, {
      Unary: this.#unary.bind(this),
      ClientStream: this.#clientStream.bind(this),
      ServerStream: this.#serverStream.bind(this),
      Bidi: this.#bidi.bind(this),
    });
    this.#holdAgain();
  }

  /** Host and port it listens on. */
  get address(): string {
    return this.#address;
  }

  get port(): number {
    return Number(this.#address.slice(this.#address.lastIndexOf(':') + 1));
  }

  listen(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
        if (error !== null) return reject(error);
        this.#address = `${host}:${bound}`;
        resolve();
      });
    });
  }

  /** Lets every call go on that asked to be held or stalled; later ones are held again. */
  release(): void {
    this.#releaseHeld();
    this.#holdAgain();
  }

  /** Ends at once; calls that are open fail. */
  destroy(): void {
    this.#releaseHeld();
    this.#server.forceShutdown();
  }

  #holdAgain(): void {
    this.#held = new Promise((resolve) => (this.#releaseHeld = resolve));
  }

  /** Counts the call and sends the headers it asks for; the returned function says that it was answered. */
  #begin(call: AnyCall): () => void {
    this.calls++;
    this.open++;
    this.peers.add(call.getPeer());
    this.lastAuthority = call.getHost();
    let ended = false;
    const end = (): void => {
      if (!ended) this.open--;
      ended = true;
    };
    const cancel = (): void => {
      if (!ended) this.cancelled++;
      end();
    };
    if (call.cancelled) cancel();
    else call.once('cancelled', cancel);
    const headers = copyMetadata(call.metadata, 'x-echo-', new Metadata());
    if (Object.keys(headers.getMap()).length > 0) call.sendMetadata(headers);
    return end;
  }

  #trailers(call: AnyCall): Metadata {
    return copyMetadata(call.metadata, 'x-trail-', new Metadata());
  }

  async #wait(request: ReceivedEchoRequest): Promise<void> {
    if (request.delayMs > 0) await sleep(request.delayMs);
    if (request.hold) await this.#held;
  }

  #reply(request: ReceivedEchoRequest): EchoReply {
    const payload = request.replyBytes > 0 ? Buffer.alloc(request.replyBytes, 'w') : request.payload;
    return { payload, server: this.name };
  }

  #failure(call: AnyCall, request: ReceivedEchoRequest): Partial<ServerErrorResponse> {
    return { code: request.statusCode, details: request.statusMessage, metadata: this.#trailers(call) };
  }

  async #unary(
    call: ServerUnaryCall<ReceivedEchoRequest, EchoReply>,
    answer: sendUnaryData<EchoReply>,
  ): Promise<void> {
    const end = this.#begin(call);
    if (this.slowMs > 0) await sleep(this.slowMs);
    await this.#wait(call.request);
    end();
    if (this.failing > 0) answer({ code: this.failing, details: `${this.name} fails` });
    else if (call.request.statusCode > 0) answer(this.#failure(call, call.request));
    else answer(null, this.#reply(call.request), this.#trailers(call));
  }

  async #clientStream(
    call: ServerReadableStream<ReceivedEchoRequest, EchoReply>,
    answer: sendUnaryData<EchoReply>,
  ): Promise<void> {
    const end = this.#begin(call);
    let receivedCount = 0;
    let receivedBytes = 0;
    try {
      for await (const item of call) {
        const request = item as ReceivedEchoRequest;
        receivedCount++;
        receivedBytes += request.payload.length;
        this.messagesRead++;
        if (request.stall) await this.#held;
        await this.#wait(request);
        if (request.statusCode > 0) return answer(this.#failure(call, request));
      }
      await endOrCancel();
      answer(null, { server: this.name, receivedCount, receivedBytes }, this.#trailers(call));
    } catch {
      // The stream was cancelled: there is nobody to answer.
    } finally {
      if (!call.cancelled) end();
    }
  }

  async #serverStream(call: ServerWritableStream<ReceivedEchoRequest, EchoReply>): Promise<void> {
    const end = this.#begin(call);
    const { request } = call;
    const reply = this.#reply(request);
    for (let sent = 0; sent < Math.max(1, request.replyCount); sent++) {
      await this.#wait(request);
      if (call.cancelled) return;
      this.repliesWritten++;
      if (!call.write(reply)) await writable(call);
    }
    end();
    if (request.statusCode > 0) call.emit('error', this.#failure(call, request));
    else call.end(this.#trailers(call));
  }

  #bidi(call: ServerDuplexStream<ReceivedEchoRequest, EchoReply>): void {
    const end = this.#begin(call);
    // Events, not `for await`: the iterator stalls on grpc-js' duplex.
    let answered = Promise.resolve();
    call.on('data', (request: ReceivedEchoRequest) => {
      this.messagesRead++;
      call.pause();
      answered = answered.then(() => this.#answer(call, request, end));
    });
    call.on('end', () => {
      void answered.then(endOrCancel).then(() => {
        if (!call.cancelled) end();
        call.end(this.#trailers(call));
      });
    });
    call.on('error', end);
  }

  async #answer(
    call: ServerDuplexStream<ReceivedEchoRequest, EchoReply>,
    request: ReceivedEchoRequest,
    end: () => void,
  ): Promise<void> {
    await this.#wait(request);
    if (request.statusCode > 0) {
      end();
      call.emit('error', this.#failure(call, request));
      return;
    }
    if (!call.write(this.#reply(request))) await writable(call);
    call.resume();
  }
}

/** A reset shows first as the end of the requests; that the call was cancelled may be known much later on a busy machine. */
function endOrCancel(): Promise<void> {
  return sleep(50);
}

/** Waits until the call takes more, or is over. */
function writable(call: EventEmitter): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      call.off('drain', wake).off('cancelled', wake);
      resolve();
    };
    call.on('drain', wake).on('cancelled', wake);
  });
}

/** Starts a server in this process. */
export async function startEchoServer(options: EchoServerOptions): Promise<EchoServer> {
  const server = new EchoServer(options.name, options.grpc);
  await server.listen(options.host ?? '127.0.0.1', options.port ?? 0);
  return server;
}
