import type * as grpcJs from '@grpc/grpc-js';
import ownGrpc from '@grpc/grpc-js';
import { LOAD_PROBE_PATH, LOAD_TRAILER } from '@weir/core';
import { ServerLoad } from './load/server-load.js';
import { ProcessUtilization } from './load/utilization.js';
import { speaksAgainstHost } from './policy/attempt.js';
import { systemClock } from './system.js';

/** What is used of the module `@grpc/grpc-js`. */
type GrpcServerSide = Pick<typeof grpcJs, 'Metadata' | 'ServerInterceptingCall'>;

const reporting = new WeakSet<object>();

/**
 * Has a server tell its callers how busy it is: in the trailers of every answer
 * (`endpoint-load-metrics-bin`, gRFC A51), unless the application has put a report there itself, and in answer
 * to the probes of Prequal. To be called before the server is bound; again it does nothing.
 *
 * @param server of grpc-js
 * @param grpc the copy of grpc-js that the server is from; default: that which `@weir/client` finds
 */
export function reportLoad(server: grpcJs.Server, grpc: GrpcServerSide = ownGrpc): void {
  if (reporting.has(server)) return;
  const interceptable = server as unknown as { interceptors?: readonly grpcJs.ServerInterceptor[] };
  if (!Array.isArray(interceptable.interceptors)) {
    throw new TypeError('reportLoad takes a server of @grpc/grpc-js 1.12, 1.13 or 1.14');
  }
  const load = new ServerLoad(systemClock, new ProcessUtilization(systemClock));
  // The first is nearest to the wire: it sees what the application, and its interceptors, really send.
  interceptable.interceptors = [measuring(load, grpc), ...interceptable.interceptors];
  server.register<Buffer, Buffer>(
    LOAD_PROBE_PATH,
    (_call: unknown, answer: grpcJs.sendUnaryData<Buffer>) => {
      const trailers = new grpc.Metadata();
      trailers.set(LOAD_TRAILER, load.encode());
      answer(null, EMPTY, trailers);
    },
    (message) => message,
    (bytes) => bytes,
    'unary',
  );
  reporting.add(server);
}

const EMPTY = Buffer.alloc(0);

function measuring(load: ServerLoad, grpc: GrpcServerSide): grpcJs.ServerInterceptor {
  return (method, call) => {
    if (method.path === LOAD_PROBE_PATH) return new grpc.ServerInterceptingCall(call);
    const request = load.begin();
    return new grpc.ServerInterceptingCall(call, {
      start: (next) => {
        next({
          onCancel: () => request.abandon(),
        });
      },
      sendStatus: (status, next) => {
        request.end(speaksAgainstHost(status.code ?? 0));
        const trailers = (status.metadata as grpcJs.Metadata | null | undefined) ?? new grpc.Metadata();
        if (trailers.get(LOAD_TRAILER).length > 0) return next(status);
        const more = trailers.clone();
        more.set(LOAD_TRAILER, load.encode());
        next({ ...status, metadata: more });
      },
    });
  };
}
