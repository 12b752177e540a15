import { fileURLToPath } from 'node:url';
import { loadPackageDefinition } from '@grpc/grpc-js';
import type {
  CallOptions,
  ChannelCredentials,
  ChannelOptions,
  Client,
  ClientUnaryCall,
  Metadata,
  ServiceDefinition,
  requestCallback,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

export interface HelloRequest {
  readonly name: string;
}

export interface HelloReply {
  readonly message: string;
}

export interface GreeterClient extends Client {
  sayHello(
    request: HelloRequest,
    metadata: Metadata,
    options: CallOptions,
    callback: requestCallback<HelloReply>,
  ): ClientUnaryCall;
}

interface HelloworldPackage {
  readonly helloworld: {
    readonly Greeter: {
      readonly service: ServiceDefinition;
      new (target: string, credentials: ChannelCredentials, options: ChannelOptions): GreeterClient;
    };
  };
}

const protoFile = fileURLToPath(new URL('../helloworld.proto', import.meta.url));

/** The service `helloworld.Greeter`: its definition for a server, and a class to call it with. */
export const { Greeter } = (loadPackageDefinition(loadSync(protoFile)) as unknown as HelloworldPackage)
  .helloworld;
