import type { ServiceDefinition } from '@grpc/grpc-js';
import {
  decodeDiscoveryRequest,
  encodeDiscoveryRequest,
  type DiscoveryRequest,
} from '../generated/envoy.service.discovery.v3.js';

/** Path of the one method served: state-of-the-world ADS. */
export const ADS_PATH = '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources';

/** Responses stay bytes: they are put together from resources that were encoded before. */
export const adsService: ServiceDefinition = {
  streamAggregatedResources: {
    path: ADS_PATH,
    requestStream: true,
    responseStream: true,
    requestSerialize: (request: DiscoveryRequest) => Buffer.from(encodeDiscoveryRequest(request)),
    requestDeserialize: decodeDiscoveryRequest,
    responseSerialize: (response: Buffer) => response,
    responseDeserialize: (bytes: Buffer) => bytes,
  },
};
