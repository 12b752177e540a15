import { Metadata, Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { constants } from 'node:http2';
import { echoService, type EchoReply } from './echo-service.js';
import { grpcMessage, startRawServer } from './raw-http2.js';

/** An attempt of a call that a server saw. */
export interface SeenAttempt {
  readonly server: string;
  readonly atMs: number;
  /** `grpc-previous-rpc-attempts`; empty when there was none. */
  readonly previous: string;
}

/**
 * What servers do with the attempts of a call: the call says it itself in `x-script`, one step for each attempt,
 * whichever server gets it; after the last step all is well. `x-call` tells calls apart.
 */
export class Script {
  readonly #calls = new Map<string, SeenAttempt[]>();

  /** The attempts of a call, in order. */
  attempts(call: string): readonly SeenAttempt[] {
    return this.#calls.get(call) ?? [];
  }

  /** Notes an attempt and says what becomes of it. */
  step(server: string, call: string, script: string, previous: string): string {
    const seen = this.#calls.get(call) ?? [];
    this.#calls.set(call, seen);
    seen.push({ server, atMs: performance.now(), previous });
    return script.split(',')[seen.length - 1] || 'ok';
  }
}

export interface ScriptedServer {
  readonly name: string;
  readonly address: string;
  close(): void;
}

/**
 * A grpc-js server whose Unary takes these steps: `ok`; a number, which is a gRPC status in Trailers-Only; `t` and a
 * number, the same in trailers after headers; `p` and a number, UNAVAILABLE with this `grpc-retry-pushback-ms`;
 * `hang`.
 */
export async function startScriptedServer(name: string, script: Script): Promise<ScriptedServer> {
  const server = new Server();
  server.addService(echoService, {
    Unary(call: ServerUnaryCall<unknown, EchoReply>, answer: sendUnaryData<EchoReply>) {
      const text = (key: string): string => String(call.metadata.get(key)[0] ?? '');
      const step = script.step(name, text('x-call'), text('x-script'), text('grpc-previous-rpc-attempts'));
      if (step === 'hang') return;
      if (step.startsWith('t')) call.sendMetadata(new Metadata());
      const metadata = new Metadata();
      if (step.startsWith('p')) metadata.set('grpc-retry-pushback-ms', step.slice(1));
      const code = step.startsWith('p') ? 14 : Number(step.replace('t', ''));
      if (step === 'ok') answer(null, { server: name });
      else answer({ code, details: `${name}: ${step}`, metadata });
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return { name, address: `127.0.0.1:${port}`, close: () => server.forceShutdown() };
}

/** A server of node:http2 that takes steps no gRPC server takes: an HTTP status, `limited`, `reset`, `refused`. */
export async function startScriptedHttpServer(name: string, script: Script): Promise<ScriptedServer> {
  const { address, close } = await startRawServer((stream, headers) => {
    const text = (key: string): string => String(headers[key] ?? '');
    const step = script.step(name, text('x-call'), text('x-script'), text('grpc-previous-rpc-attempts'));
    if (step === 'reset') return stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    if (step === 'refused') return stream.close(constants.NGHTTP2_REFUSED_STREAM);
    if (step === 'limited')
      return stream.respond({ ':status': 429, 'x-envoy-ratelimited': 'true' }, { endStream: true });
    if (step !== 'ok') return stream.respond({ ':status': Number(step) }, { endStream: true });
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(grpcMessage(Buffer.alloc(0)));
  });
  return { name, address, close };
}
