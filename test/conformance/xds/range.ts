import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from 'weir/dist/system/clock.js';
import { createLogger } from 'weir/dist/system/logger.js';
import type {
  DeltaDiscoveryResponse,
  DiscoveryResponse,
} from 'weir/dist/xds/generated/envoy.service.discovery.v3.js';
import { encodeHttpConnectionManager } from 'weir/dist/xds/generated/envoy.extensions.filters.network.http_connection_manager.v3.js';
import {
  clusterResource,
  endpointResource,
  listenerResource,
  routeResource,
  type Resource,
} from 'weir/dist/xds/resource.js';
import { AdsServer, type Nack } from 'weir/dist/xds/server/ads-server.js';
import { buildSnapshot, type Snapshot } from 'weir/dist/xds/snapshot.js';
import { TYPE_HTTP_CONNECTION_MANAGER } from 'weir/dist/xds/type-urls.js';
import { RawAdsClient, RawDeltaClient } from '../../support/ads.js';
import { until } from '../../support/until.js';

/** Long enough for an answer that should not come. */
const SILENCE_MS = 60;

/** A server on a real socket, and clients that say every word themselves. */
export class Range {
  readonly nacks: Nack[] = [];
  readonly #server = new AdsServer({
    clock: systemClock,
    logger: createLogger({ level: 'error', write: () => {} }),
    onNack: (nack) => void this.nacks.push(nack),
  });
  readonly #clients: { close(): void }[] = [];
  #port = 0;
  #snapshot: Snapshot | undefined;

  async open(): Promise<void> {
    this.#port = await this.#server.listen('127.0.0.1', 0);
  }

  /** Makes these the whole configuration. */
  serve(...resources: readonly Resource[]): Snapshot {
    this.#snapshot = buildSnapshot(resources, this.#snapshot);
    this.#server.setSnapshot(this.#snapshot);
    return this.#snapshot;
  }

  status(): ReturnType<AdsServer['status']> {
    return this.#server.status();
  }

  sotw(): RawAdsClient {
    const client = new RawAdsClient(this.#port);
    this.#clients.push(client);
    return client;
  }

  delta(): RawDeltaClient {
    const client = new RawDeltaClient(this.#port);
    this.#clients.push(client);
    return client;
  }

  close(): void {
    for (const client of this.#clients) client.close();
    this.#server.destroy();
  }
}

interface Reader<Response> {
  take(typeUrl: string): Response | undefined;
  readonly responses: readonly unknown[];
}

/** The next response of the type. */
export async function next<Response>(client: Reader<Response>, typeUrl: string): Promise<Response> {
  let response: Response | undefined;
  await until(`a response of ${typeUrl}`, () => (response = client.take(typeUrl)) !== undefined);
  return response ?? assert.fail();
}

/** Nothing comes. */
export async function assertSilence(client: Reader<unknown>): Promise<void> {
  await sleep(SILENCE_MS);
  assert.deepEqual(client.responses, []);
}

/** Names of a response's resources: the first string field of each of the four types. */
export function namesIn({ resources = [] }: DiscoveryResponse): readonly string[] {
  return resources.map(({ value = new Uint8Array(0) }) =>
    Buffer.from(value.subarray(2, 2 + (value[1] ?? 0))).toString(),
  );
}

/** `a b -c`: what came, and what is gone. */
export function newsIn({ resources = [], removedResources = [] }: DeltaDiscoveryResponse): string {
  return [...resources.map(({ name }) => name), ...removedResources.map((name) => `-${name}`)].join(' ');
}

export function cluster(name: string, connectTimeoutSeconds = 5): Resource {
  return clusterResource({
    name,
    type: 'EDS',
    edsClusterConfig: { edsConfig: { ads: {} } },
    connectTimeout: { seconds: connectTimeoutSeconds },
  });
}

export function assignment(clusterName: string, ...addresses: readonly string[]): Resource {
  const lbEndpoints = addresses.map((address) => ({
    endpoint: { address: { socketAddress: { address, portValue: 1 } } },
  }));
  return endpointResource({ clusterName, endpoints: [{ lbEndpoints }] });
}

export function listener(name: string, routeConfigName: string): Resource {
  const value = encodeHttpConnectionManager({ rds: { routeConfigName } });
  return listenerResource({
    name,
    apiListener: { apiListener: { typeUrl: TYPE_HTTP_CONNECTION_MANAGER, value } },
  });
}

export function route(name: string, ...clusters: readonly string[]): Resource {
  const routes = clusters.map((to) => ({ match: { prefix: '/' }, route: { cluster: to } }));
  return routeResource({ name, virtualHosts: [{ name, domains: ['*'], routes }] });
}
