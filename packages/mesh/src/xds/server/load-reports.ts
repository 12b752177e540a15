import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { ClusterStats } from '../generated/envoy.config.endpoint.v3.js';
import type { Node } from '../generated/envoy.config.core.v3.js';
import {
  decodeLoadStatsRequest,
  encodeLoadStatsRequest,
  encodeLoadStatsResponse,
  type LoadStatsRequest,
} from '../generated/envoy.service.load_stats.v3.js';
import { streamMethod } from './service.js';

export const LOAD_REPORTS_PATH = '/envoy.service.load_stats.v3.LoadReportingService/StreamLoadStats';

export const loadReportingService = {
  streamLoadStats: streamMethod<LoadStatsRequest>(
    LOAD_REPORTS_PATH,
    encodeLoadStatsRequest,
    decodeLoadStatsRequest,
  ),
};

/** How often clients report. */
const INTERVAL_SECONDS = 10;
const SEND_ALL = 'envoy.lrs.supports_send_all_clusters';

/** Calls that clients have reported of one cluster. */
export interface ReportedLoad {
  succeeded: number;
  failed: number;
  /** Never sent: by a circuit breaker or a drop policy. */
  dropped: number;
}

/** LRS: asks every client that offers it for all its clusters, and adds up what they report. */
export class LoadReports {
  readonly #clusters = new Map<string, ReportedLoad>();
  #streams = 0;

  /** By name of the cluster, since the start. */
  get clusters(): ReadonlyMap<string, Readonly<ReportedLoad>> {
    return this.#clusters;
  }

  /** Clients that report now. */
  get streams(): number {
    return this.#streams;
  }

  /** Handlers for `loadReportingService`. */
  get handlers(): { streamLoadStats: (call: ServerDuplexStream<LoadStatsRequest, Buffer>) => void } {
    return { streamLoadStats: (call) => this.#serve(call) };
  }

  #serve(call: ServerDuplexStream<LoadStatsRequest, Buffer>): void {
    this.#streams += 1;
    let isFirst = true;
    const asked = new Set<string>();
    call.on('data', ({ node, clusterStats = [] }: LoadStatsRequest) => {
      for (const stats of clusterStats) this.#add(stats);
      const names = clusterStats
        .map(({ clusterName = '' }) => clusterName)
        .filter((name) => !asked.has(name));
      // Clients that cannot report all clusters report those that were named to them.
      if (isFirst || names.length > 0) call.write(answer(node, names, asked, isFirst));
      isFirst = false;
    });
    call.on('end', () => call.end());
    call.on('error', () => {});
    let open = true;
    const forget = (): void => {
      if (open) this.#streams -= 1;
      open = false;
    };
    call.on('close', forget);
    call.on('cancelled', forget);
  }

  #add({ clusterName = '', upstreamLocalityStats = [], totalDroppedRequests = 0 }: ClusterStats): void {
    const load = this.#clusters.get(clusterName) ?? { succeeded: 0, failed: 0, dropped: 0 };
    this.#clusters.set(clusterName, load);
    for (const { totalSuccessfulRequests = 0, totalErrorRequests = 0 } of upstreamLocalityStats) {
      load.succeeded += totalSuccessfulRequests;
      load.failed += totalErrorRequests;
    }
    load.dropped += totalDroppedRequests;
  }
}

function answer(
  node: Node | undefined,
  names: readonly string[],
  asked: Set<string>,
  isFirst: boolean,
): Buffer {
  for (const name of names) asked.add(name);
  const sendAll = !isFirst || (node?.clientFeatures ?? []).includes(SEND_ALL);
  const response = encodeLoadStatsResponse({
    ...(sendAll ? { sendAllClusters: true } : { clusters: [...asked] }),
    loadReportingInterval: { seconds: INTERVAL_SECONDS },
  });
  return Buffer.from(response);
}
