import type { MethodDefinition } from '@grpc/grpc-js';
import {
  decodeDeltaDiscoveryRequest,
  decodeDiscoveryRequest,
  encodeDeltaDiscoveryRequest,
  encodeDiscoveryRequest,
  type DeltaDiscoveryRequest,
  type DiscoveryRequest,
} from '../generated/envoy.service.discovery.v3.js';

const SERVICE = '/envoy.service.discovery.v3.AggregatedDiscoveryService';

/** State-of-the-world ADS. */
export const ADS_PATH = `${SERVICE}/StreamAggregatedResources`;
/** Incremental ADS. */
export const DELTA_ADS_PATH = `${SERVICE}/DeltaAggregatedResources`;

/** Responses stay bytes: they are put together from resources that were encoded before. */
export const adsService = {
  streamAggregatedResources: streamMethod<DiscoveryRequest>(
    ADS_PATH,
    encodeDiscoveryRequest,
    decodeDiscoveryRequest,
  ),
  deltaAggregatedResources: streamMethod<DeltaDiscoveryRequest>(
    DELTA_ADS_PATH,
    encodeDeltaDiscoveryRequest,
    decodeDeltaDiscoveryRequest,
  ),
};

/** A method that streams both ways and answers with bytes. */
export function streamMethod<Request>(
  path: string,
  encode: (request: Request) => Uint8Array,
  decode: (bytes: Buffer) => Request,
): MethodDefinition<Request, Buffer> {
  return {
    path,
    requestStream: true,
    responseStream: true,
    requestSerialize: (request) => Buffer.from(encode(request)),
    requestDeserialize: decode,
    responseSerialize: (response) => response,
    responseDeserialize: (bytes) => bytes,
  };
}
