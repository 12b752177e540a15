import { FakeClock } from '@weir/core/testing';
import {
  decodeDiscoveryResponse,
  type DiscoveryRequest,
  type DiscoveryResponse,
} from '../generated/envoy.service.discovery.v3.js';
import { encodeHttpConnectionManager } from '../generated/envoy.extensions.filters.network.http_connection_manager.v3.js';
import {
  clusterResource,
  endpointResource,
  listenerResource,
  routeResource,
  type Resource,
} from '../resource.js';
import { TYPE_HTTP_CONNECTION_MANAGER } from '../type-urls.js';
import { SubscriptionEngine } from './subscription-engine.js';
import type { Rejection } from './answers.js';
import { SotwType } from './sotw-type.js';

/** A subscription engine on a fake clock, with a client that answers only when told to. */
export class EngineRig {
  readonly clock = new FakeClock();
  readonly nacks: { readonly typeUrl: string; readonly rejection: Rejection }[] = [];
  readonly #unread: DiscoveryResponse[] = [];
  readonly engine = new SubscriptionEngine<DiscoveryRequest>({
    clock: this.clock,
    createType: (typeUrl, clock) => new SotwType(typeUrl, clock),
    send: (bytes) => void this.#unread.push(decodeDiscoveryResponse(bytes)),
    onAnswer: (typeUrl, _latencyMs, rejection) => {
      if (rejection !== undefined) this.nacks.push({ typeUrl, rejection });
    },
  });

  request(typeUrl: string, resourceNames: readonly string[] = [], responseNonce = ''): void {
    this.engine.receive({ typeUrl, resourceNames, responseNonce });
  }

  ack(response: DiscoveryResponse, resourceNames: readonly string[] = []): void {
    const { typeUrl, nonce: responseNonce, versionInfo } = response;
    this.engine.receive({ typeUrl, resourceNames, responseNonce, versionInfo });
  }

  nack(response: DiscoveryResponse, message: string, resourceNames: readonly string[] = []): void {
    const { typeUrl, nonce: responseNonce } = response;
    this.engine.receive({ typeUrl, resourceNames, responseNonce, errorDetail: { code: 3, message } });
  }

  /** The next response the client has not read; throws if there is none. */
  read(): DiscoveryResponse {
    const response = this.#unread.shift();
    if (response === undefined) throw new Error('nothing was sent');
    return response;
  }

  /** Reads everything, as "Type: name name". */
  readAll(): readonly string[] {
    return this.#unread.splice(0).map(describe);
  }
}

/** "Cluster: a b" */
export function describe(response: DiscoveryResponse): string {
  const type = (response.typeUrl ?? '').split('.').at(-1) ?? '';
  return [`${type}:`, ...namesIn(response)].join(' ');
}

/** The resources' names: the first string field of each of the four types. */
export function namesIn(response: DiscoveryResponse): readonly string[] {
  return (response.resources ?? []).map(({ value = new Uint8Array(0) }) => {
    const length = value[1] ?? 0;
    return Buffer.from(value.subarray(2, 2 + length)).toString();
  });
}

export function cluster(name: string, connectTimeoutSeconds = 5): Resource {
  return clusterResource({ name, type: 'EDS', connectTimeout: { seconds: connectTimeoutSeconds } });
}

export function assignment(clusterName: string, ...addresses: readonly string[]): Resource {
  const lbEndpoints = addresses.map((address) => ({
    endpoint: { address: { socketAddress: { address, portValue: 1 } } },
  }));
  return endpointResource({ clusterName, endpoints: [{ lbEndpoints }] });
}

export function listener(name: string, routeConfigName: string): Resource {
  const value = encodeHttpConnectionManager({ rds: { routeConfigName } });
  const filters = [{ name: 'hcm', typedConfig: { typeUrl: TYPE_HTTP_CONNECTION_MANAGER, value } }];
  return listenerResource({ name, filterChains: [{ filters }] });
}

export function route(name: string, ...clusters: readonly string[]): Resource {
  const routes = clusters.map((to) => ({ match: { prefix: '/' }, route: { cluster: to } }));
  return routeResource({ name, virtualHosts: [{ name, domains: ['*'], routes }] });
}

/** A listener `L`, its route `R`, and the given clusters with one endpoint each. */
export function mesh(...clusters: readonly string[]): readonly Resource[] {
  return [
    listener('L', 'R'),
    route('R', ...clusters),
    ...clusters.flatMap((name) => [cluster(name), assignment(name, '10.0.0.1')]),
  ];
}
