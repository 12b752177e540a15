import type * as grpcJs from '@grpc/grpc-js';
import { echoService, type EchoReply, type EchoRequest } from './echo-service.js';

/** A channel of one version of grpc-js, and the calls that the library's tests make on it. */
export interface LibraryClient {
  readonly client: grpcJs.Client;
  /** Rejects with grpc-js' error. */
  unary(request?: EchoRequest, settings?: LibraryCall): Promise<Required<EchoReply>>;
  close(): void;
}

export interface LibraryCall {
  readonly metadata?: Readonly<Record<string, string>>;
  /** Default 10 s. */
  readonly timeoutMs?: number;
}

/** @param serviceConfig as grpc-js takes it; default: none */
export function createLibraryClient(
  grpc: typeof grpcJs,
  target: string,
  serviceConfig?: object,
  options: grpcJs.ChannelOptions = {},
): LibraryClient {
  const client = new grpc.Client(target, grpc.credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_http_proxy': 0,
    ...(serviceConfig === undefined ? {} : { 'grpc.service_config': JSON.stringify(serviceConfig) }),
    ...options,
  });
  const method = echoService['Unary']!;
  return {
    client,
    unary: (request = {}, { metadata = {}, timeoutMs = 10_000 } = {}) =>
      new Promise((resolve, reject) => {
        const sent = new grpc.Metadata();
        for (const [name, value] of Object.entries(metadata)) sent.set(name, value);
        client.makeUnaryRequest(
          method.path,
          method.requestSerialize,
          method.responseDeserialize,
          request,
          sent,
          { deadline: Date.now() + timeoutMs },
          (error: grpcJs.ServiceError | null, reply?: Required<EchoReply>) =>
            error === null ? resolve(reply!) : reject(error),
        );
      }),
    close: () => client.close(),
  };
}

/** How often each server has answered. */
export function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
