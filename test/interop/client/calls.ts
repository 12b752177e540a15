import {
  type CallOptions,
  type ChannelOptions,
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientWritableStream,
  credentials,
  Metadata,
  type MethodDefinition,
  type ServiceError,
  type StatusObject,
} from '@grpc/grpc-js';
import assert from 'node:assert/strict';

/** A call that has no answer after this long is lost; every call has it as its deadline. */
const CALL_TIMEOUT_MS = 10_000;

/** What a case works with. */
export interface CaseContext {
  /** `host:port` of the server, or of the sidecar in front of it. */
  readonly target: string;
  /** A channel of this case's own. */
  readonly client: Client;
  /** Another channel with a connection of its own, closed after the case. */
  connect(options?: ChannelOptions, target?: string): Client;
}

export type Case = (context: CaseContext) => Promise<void>;

/** A channel that shares no connection with others. The caller closes it. */
export function connect(target: string, options: ChannelOptions = {}): Client {
  return new Client(target, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_http_proxy': 0,
    'grpc.enable_retries': 0,
    ...options,
  });
}

export interface CallSettings extends CallOptions {
  readonly metadata?: Metadata;
  readonly timeoutMs?: number;
}

function optionsOf({ metadata, timeoutMs = CALL_TIMEOUT_MS, ...options }: CallSettings) {
  return {
    metadata: metadata ?? new Metadata(),
    options: { deadline: Date.now() + timeoutMs, ...options },
  };
}

export interface UnaryResult<Reply> {
  readonly reply: Reply;
  readonly headers: Metadata;
  readonly trailers: Metadata;
}

/** A unary call. Rejects with grpc-js' `ServiceError`. */
export function callUnary<Request, Reply>(
  client: Client,
  method: MethodDefinition<Request, Reply>,
  request: Request,
  settings: CallSettings = {},
): Promise<UnaryResult<Reply>> {
  const { metadata, options } = optionsOf(settings);
  return new Promise((resolve, reject) => {
    let headers = new Metadata();
    let reply: Reply | undefined;
    const call = client.makeUnaryRequest<Request, Reply>(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      metadata,
      options,
      (error, received) => {
        if (error !== null) reject(error);
        else reply = received;
      },
    );
    call.on('metadata', (received: Metadata) => (headers = received));
    call.on('status', (status: StatusObject) => {
      if (reply !== undefined) resolve({ reply, headers, trailers: status.metadata });
    });
  });
}

/** Starts a client stream; `answer` rejects with grpc-js' `ServiceError`. */
export function startClientStream<Request, Reply>(
  client: Client,
  method: MethodDefinition<Request, Reply>,
  settings: CallSettings = {},
): { readonly call: ClientWritableStream<Request>; readonly answer: Promise<Reply> } {
  const { metadata, options } = optionsOf(settings);
  const { promise, resolve, reject } = deferred<Reply>();
  const call = client.makeClientStreamRequest<Request, Reply>(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    metadata,
    options,
    (error, reply) => {
      if (error !== null) reject(error);
      else if (reply === undefined) reject(new Error('neither a reply nor an error'));
      else resolve(reply);
    },
  );
  return { call, answer: promise };
}

export function startServerStream<Request, Reply>(
  client: Client,
  method: MethodDefinition<Request, Reply>,
  request: Request,
  settings: CallSettings = {},
): ClientReadableStream<Reply> {
  const { metadata, options } = optionsOf(settings);
  return client.makeServerStreamRequest<Request, Reply>(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    request,
    metadata,
    options,
  );
}

export function startDuplex<Request, Reply>(
  client: Client,
  method: MethodDefinition<Request, Reply>,
  settings: CallSettings = {},
): ClientDuplexStream<Request, Reply> {
  const { metadata, options } = optionsOf(settings);
  return client.makeBidiStreamRequest<Request, Reply>(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    metadata,
    options,
  );
}

export interface StreamResult<Reply> {
  readonly replies: readonly Reply[];
  readonly headers: Metadata;
  readonly trailers: Metadata;
}

/**
 * Everything that a stream sends. Calls `onReply` for each with how many there were before it.
 * Rejects with grpc-js' `ServiceError`.
 */
export function finish<Reply>(
  call: ClientReadableStream<Reply>,
  onReply: (reply: Reply, before: number) => void = () => {},
): Promise<StreamResult<Reply>> {
  const { promise, resolve, reject } = deferred<StreamResult<Reply>>();
  const replies: Reply[] = [];
  let headers = new Metadata();
  let ended = false;
  let trailers: Metadata | undefined;
  const settle = (): void => {
    if (ended && trailers !== undefined) resolve({ replies, headers, trailers });
  };
  call.on('metadata', (received: Metadata) => (headers = received));
  call.on('error', reject);
  call.on('data', (reply: Reply) => {
    try {
      onReply(reply, replies.push(reply) - 1);
    } catch (error) {
      reject(error);
      call.cancel();
    }
  });
  call.on('end', () => {
    ended = true;
    settle();
  });
  call.on('status', (status: StatusObject) => {
    trailers = status.metadata;
    settle();
  });
  return promise;
}

/** The error that a call must end with. */
export async function failureOf(call: Promise<unknown>): Promise<ServiceError> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error, `not a status: ${String(error)}`);
    return error as ServiceError;
  }
  throw new assert.AssertionError({ message: 'the call succeeded; it had to fail' });
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((...functions) => ([resolve, reject] = functions));
  return { promise, resolve, reject };
}
