import { Metadata, Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { echoService, type EchoReply } from './echo-service.js';

/** What becomes of a unary call, by its number, the first being 1: a gRPC status after so long. */
export type Fate = (call: number) => { readonly code: number; readonly afterMs: number };

/** A gRPC server whose Unary sends initial metadata at once and then its status in the trailers. */
export class FailingServer {
  readonly name = 'failing';
  /** Calls that have begun. */
  calls = 0;
  /** `grpc-previous-rpc-attempts` of each call; empty when there was none. */
  readonly previousAttempts: string[] = [];
  readonly #server = new Server();
  readonly #fate: Fate;
  #port = 0;

  constructor(fate: Fate) {
    this.#fate = fate;
    this.#server.addService(echoService, {
      Unary: (call: ServerUnaryCall<unknown, EchoReply>, answer: sendUnaryData<EchoReply>) =>
        this.#unary(call, answer),
    });
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
        if (error !== null) return reject(error);
        this.#port = port;
        resolve();
      });
    });
  }

  destroy(): void {
    this.#server.forceShutdown();
  }

  #unary(call: ServerUnaryCall<unknown, EchoReply>, answer: sendUnaryData<EchoReply>): void {
    const { code, afterMs } = this.#fate(++this.calls);
    this.previousAttempts.push(String(call.metadata.get('grpc-previous-rpc-attempts')[0] ?? ''));
    call.sendMetadata(new Metadata());
    setTimeout(() => {
      if (code === 0) answer(null, { server: this.name });
      else answer({ code, details: 'it is in the trailers' });
    }, afterMs);
  }
}
