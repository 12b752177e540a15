import {
  loadPackageDefinition,
  type Metadata,
  type ServiceDefinition,
  type UntypedHandleCall,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { fileURLToPath } from 'node:url';

/** What a test sends; the fields are explained in proto/echo.proto. */
export interface EchoRequest {
  readonly payload?: Uint8Array;
  readonly replyBytes?: number;
  readonly replyCount?: number;
  readonly delayMs?: number;
  readonly statusCode?: number;
  readonly statusMessage?: string;
  readonly hold?: boolean;
  readonly stall?: boolean;
}

/** What the server sees: absent fields have their defaults. */
export type ReceivedEchoRequest = Required<EchoRequest> & { readonly payload: Buffer };

export interface EchoReply {
  readonly payload?: Uint8Array;
  readonly server?: string;
  readonly receivedCount?: number;
  readonly receivedBytes?: number;
}

export type ReceivedEchoReply = Required<EchoReply> & { readonly payload: Buffer };

export const ECHO_PATH = '/weir.test.Echo';

// The compiled file lies in test/dist/support, the proto file stays where it was written.
const protoFile = fileURLToPath(new URL('../../support/proto/echo.proto', import.meta.url));

interface LoadedPackage {
  readonly weir: { readonly test: { readonly Echo: { readonly service: ServiceDefinition } } };
}

const loaded = loadPackageDefinition(
  loadSync(protoFile, { longs: Number, defaults: true }),
) as unknown as LoadedPackage;

export const echoService: ServiceDefinition = loaded.weir.test.Echo.service;

export type EchoHandlers = Readonly<
  Record<'Unary' | 'ClientStream' | 'ServerStream' | 'Bidi', UntypedHandleCall>
>;

/** Copies the fields whose name starts with `prefix` (`x-echo-…` come back as headers, `x-trail-…` as trailers). */
export function copyMetadata(from: Metadata, prefix: string, to: Metadata): Metadata {
  for (const key of Object.keys(from.getMap())) {
    if (key.startsWith(prefix)) for (const value of from.get(key)) to.add(key, value);
  }
  return to;
}
