import {
  type CallOptions,
  type Client,
  type ClientDuplexStream,
  type ClientOptions,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  credentials,
  makeGenericClientConstructor,
  Metadata,
  type ServiceError,
  type StatusObject,
} from '@grpc/grpc-js';
import { echoService, type EchoRequest, type ReceivedEchoReply } from './echo-service.js';

type Answer = (error: ServiceError | null, reply?: ReceivedEchoReply) => void;

export interface EchoClient extends Client {
  Unary(request: EchoRequest, metadata: Metadata, options: CallOptions, answer: Answer): ClientUnaryCall;
  ClientStream(metadata: Metadata, options: CallOptions, answer: Answer): ClientWritableStream<EchoRequest>;
  ServerStream(
    request: EchoRequest,
    metadata: Metadata,
    options: CallOptions,
  ): ClientReadableStream<ReceivedEchoReply>;
  Bidi(metadata: Metadata, options: CallOptions): ClientDuplexStream<EchoRequest, ReceivedEchoReply>;
}

export interface EchoClientOptions {
  /** `host:port` of an HTTP proxy to CONNECT through; grpc-js learns of it by `grpc_proxy` alone. */
  readonly connectProxy?: string;
  readonly grpc?: ClientOptions;
}

const EchoStub = makeGenericClientConstructor(echoService, 'Echo');

/** A client with a connection of its own. The caller closes it. */
export function createEchoClient(target: string, options: EchoClientOptions = {}): EchoClient {
  const channelOptions: ClientOptions = {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
    'grpc.enable_retries': 0,
    'grpc.enable_http_proxy': options.connectProxy === undefined ? 0 : 1,
    ...options.grpc,
  };
  return withGrpcProxy(
    options.connectProxy,
    () => new EchoStub(target, credentials.createInsecure(), channelOptions) as unknown as EchoClient,
  );
}

/** grpc-js reads the variable while it makes the channel and never again. */
function withGrpcProxy<T>(proxy: string | undefined, create: () => T): T {
  if (proxy === undefined) return create();
  const before = process.env['grpc_proxy'];
  process.env['grpc_proxy'] = `http://${proxy}`;
  try {
    return create();
  } finally {
    if (before === undefined) delete process.env['grpc_proxy'];
    else process.env['grpc_proxy'] = before;
  }
}

export interface UnaryResult {
  readonly reply: ReceivedEchoReply;
  readonly headers: Metadata;
  readonly status: StatusObject;
}

export interface CallSettings {
  readonly metadata?: Metadata;
  /** From now; default 20 s, so that a lost call fails instead of hanging. */
  readonly timeoutMs?: number;
}

export function callOptions(settings: CallSettings = {}): CallOptions {
  return { deadline: Date.now() + (settings.timeoutMs ?? 20_000) };
}

/** One unary call. Rejects with grpc-js' `ServiceError` (`code`, `details`, `metadata`). */
export function callUnary(
  client: EchoClient,
  request: EchoRequest = {},
  settings: CallSettings = {},
): Promise<UnaryResult> {
  return new Promise((resolve, reject) => {
    let headers = new Metadata();
    let reply: ReceivedEchoReply | undefined;
    const call = client.Unary(
      request,
      settings.metadata ?? new Metadata(),
      callOptions(settings),
      (error, received) => {
        if (error !== null) reject(error);
        else reply = received;
      },
    );
    call.on('metadata', (received) => (headers = received));
    call.on('status', (status) => {
      if (reply !== undefined) resolve({ reply, headers, status });
    });
  });
}

/** Everything a server stream sends. Rejects with grpc-js' `ServiceError`. */
export function collect(
  call: ClientReadableStream<ReceivedEchoReply>,
): Promise<readonly ReceivedEchoReply[]> {
  return new Promise((resolve, reject) => {
    const replies: ReceivedEchoReply[] = [];
    call.on('data', (reply: ReceivedEchoReply) => replies.push(reply));
    call.on('error', reject);
    call.on('end', () => resolve(replies));
  });
}

/** How many of `count` calls, one after the other, each server answered. */
export async function countByServer(client: EchoClient, count: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let call = 0; call < count; call++) {
    const { server } = (await callUnary(client)).reply;
    counts[server] = (counts[server] ?? 0) + 1;
  }
  return counts;
}
