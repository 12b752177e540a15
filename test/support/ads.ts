import {
  ChannelCredentials,
  makeGenericClientConstructor,
  type ClientDuplexStream,
  type ServiceError,
} from '@grpc/grpc-js';
import type { AdsConnect } from 'weir/dist/xds/client/ads-client.js';
import {
  decodeDeltaDiscoveryResponse,
  decodeDiscoveryResponse,
  type DeltaDiscoveryRequest,
  type DeltaDiscoveryResponse,
  type DiscoveryRequest,
  type DiscoveryResponse,
} from 'weir/dist/xds/generated/envoy.service.discovery.v3.js';
import { ADS_PATH, adsService } from 'weir/dist/xds/server/service.js';

const AdsStub = makeGenericClientConstructor(adsService, 'AggregatedDiscoveryService');
const CHANNEL_OPTIONS = { 'grpc.max_receive_message_length': -1 };

/** A bare ADS client over a real socket: the test says every word itself. */
export class RawAdsClient {
  readonly #stub: InstanceType<typeof AdsStub>;
  readonly call: ClientDuplexStream<DiscoveryRequest, Buffer>;
  /** Responses in the order they came, unread ones only. */
  readonly responses: DiscoveryResponse[] = [];
  error: ServiceError | undefined;

  constructor(port: number) {
    this.#stub = new AdsStub(`127.0.0.1:${port}`, ChannelCredentials.createInsecure(), CHANNEL_OPTIONS);
    this.call = this.#stub['streamAggregatedResources']?.();
    this.call.on('data', (bytes: Buffer) => void this.responses.push(decodeDiscoveryResponse(bytes)));
    this.call.on('error', (error: ServiceError) => void (this.error = error));
  }

  request(request: DiscoveryRequest): void {
    this.call.write(request);
  }

  ack(response: DiscoveryResponse, resourceNames: readonly string[] = []): void {
    const { typeUrl, versionInfo, nonce: responseNonce } = response;
    this.call.write({ typeUrl, versionInfo, responseNonce, resourceNames });
  }

  /** Takes the oldest response of the type that was not read; undefined if there is none yet. */
  take(typeUrl: string): DiscoveryResponse | undefined {
    const at = this.responses.findIndex((response) => response.typeUrl === typeUrl);
    return at === -1 ? undefined : this.responses.splice(at, 1)[0];
  }

  close(): void {
    this.call.cancel();
    this.#stub.close();
  }
}

/** The same for incremental ADS. */
export class RawDeltaClient {
  readonly #stub: InstanceType<typeof AdsStub>;
  readonly call: ClientDuplexStream<DeltaDiscoveryRequest, Buffer>;
  readonly responses: DeltaDiscoveryResponse[] = [];
  error: ServiceError | undefined;

  constructor(port: number) {
    this.#stub = new AdsStub(`127.0.0.1:${port}`, ChannelCredentials.createInsecure(), CHANNEL_OPTIONS);
    this.call = this.#stub['deltaAggregatedResources']?.();
    this.call.on('data', (bytes: Buffer) => void this.responses.push(decodeDeltaDiscoveryResponse(bytes)));
    this.call.on('error', (error: ServiceError) => void (this.error = error));
  }

  request(request: DeltaDiscoveryRequest): void {
    this.call.write(request);
  }

  ack({ typeUrl, nonce: responseNonce }: DeltaDiscoveryResponse): void {
    this.call.write({ typeUrl, responseNonce });
  }

  take(typeUrl: string): DeltaDiscoveryResponse | undefined {
    const at = this.responses.findIndex((response) => response.typeUrl === typeUrl);
    return at === -1 ? undefined : this.responses.splice(at, 1)[0];
  }

  close(): void {
    this.call.cancel();
    this.#stub.close();
  }
}

/** Dials with grpc-js, a new channel for each attempt. */
export function connectByGrpcJs(port: number): AdsConnect {
  return (events) => {
    const stub = new AdsStub(`127.0.0.1:${port}`, ChannelCredentials.createInsecure(), CHANNEL_OPTIONS);
    const pass = (bytes: Buffer) => bytes;
    const call = stub.makeBidiStreamRequest(ADS_PATH, pass, pass);
    call.on('data', (bytes: Buffer) => events.onMessage(bytes));
    call.on('error', (error: Error) => {
      stub.close();
      events.onEnd(error);
    });
    return {
      send: (bytes) => void call.write(Buffer.from(bytes)),
      close: () => {
        call.cancel();
        stub.close();
      },
    };
  };
}
