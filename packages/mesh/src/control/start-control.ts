import type { Clock } from '@weir/core';
import type { Logger } from '../system/logger.js';
import { AdsServer } from '../xds/server/ads-server.js';
import { clientStatusHandlers, clientStatusService } from '../xds/server/client-status-service.js';
import { LoadReports, loadReportingService } from '../xds/server/load-reports.js';
import { bindError } from './bind-error.js';
import { ControlPlane } from './control-plane.js';
import { formatAddress } from './format-address.js';
import type { ClusterOptions } from './open-cluster.js';
import { openDirectory } from './open-directory.js';
import type { OpenSource, SourceOptions } from './open-source.js';
import { listenHttp, type RunningHttp } from './http/control-http.js';
import type { ComparedClient } from './http/client-config.js';
import type { LimitsOf } from './http/describe-client.js';
import type { ClientSource } from './push/published-snapshots.js';
import type { Node } from '../xds/generated/envoy.config.core.v3.js';
import { SourceLog } from './source-log.js';
import { clientOfNode } from './push/client-of-node.js';
import { profileOf } from './translate/client-profile.js';
import { createJudge } from './webhook/judge.js';
import type { RunningWebhooks, WebhookOptions } from './webhook/start-webhooks.js';
import { type BalancerName, DEFAULT_BALANCER } from './translate/sidecar/balancer.js';

export interface Binding {
  /** Name or IP address; an IPv6 address without brackets. */
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
}

export interface ControlOptions {
  /** What is read: a directory of manifests, or the objects of a cluster. */
  readonly source: { readonly directory: string } | { readonly cluster: ClusterOptions };
  /** Where ADS is served. */
  readonly xds: Binding;
  /** Where `/ready`, `/metrics` and `/status` are served; undefined: nowhere. */
  readonly http: Binding | undefined;
  /** Where the API server asks about pods and rules; of a cluster only. */
  readonly webhooks?: WebhookOptions | undefined;
  /** Default: `p2c_ewma`. */
  readonly balancer?: BalancerName;
  /** Default: `cluster.local`. */
  readonly clusterDomain?: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface RunningControl {
  /** `host:port` as bound, IPv6 in brackets. */
  readonly xdsAddress: string;
  /** The same; undefined when `http` was. */
  readonly httpAddress: string | undefined;
  /** The same; undefined when `webhooks` was. */
  readonly webhookAddress: string | undefined;
  /** Tells clients to look elsewhere and waits until they are gone, at most 5 seconds. */
  close(): Promise<void>;
  /** Stops at once. */
  destroy(): void;
}

const CLOSE_TIMEOUT_MS = 5000;

/**
 * Starts a control plane: reads its source, then binds its sockets. A cluster is waited for as long as it takes.
 *
 * @throws DirectoryError when the directory is missing or cannot be read; Error when a port is taken
 */
export async function startControl(options: ControlOptions): Promise<RunningControl> {
  const { xds, http, clock, logger, balancer = DEFAULT_BALANCER } = options;
  const log = new SourceLog(logger);
  const onChange = (urgent: boolean): void => plane.changed(urgent);
  const source = await openSource(options.source, { clock, logger, log, onChange });
  /** Each stream has a Node of its own. */
  const sources = new WeakMap<Node, ClientSource>();
  const ads: AdsServer = new AdsServer({
    clock,
    logger,
    snapshotFor: (node) => {
      const found = plane.snapshots.sourceFor(clientOfNode(node), profileOf(node));
      sources.set(node, found);
      return found;
    },
    onNack: () => plane.nacked(),
  });
  const loadReports = new LoadReports();
  ads.grpc.addService(loadReportingService, loadReports.handlers);
  ads.grpc.addService(
    clientStatusService,
    clientStatusHandlers(() => ads.streams),
  );
  const plane = new ControlPlane({
    source: source.objects,
    clock,
    logger,
    log,
    balancer,
    clusterDomain: options.clusterDomain,
  });

  await source.start();
  plane.start();
  const limitsOf: LimitsOf = (node, typeUrl, name) => sources.get(node)?.limitsOf(typeUrl, name) ?? [];
  const state = () => ({
    origin: source.origin,
    clients: ads.status(),
    pushMetrics: ads.metrics,
    loadReports,
    limitsOf,
    ...plane.state(),
  });

  let webhooks: RunningWebhooks | undefined;
  const compare = async (client: string): Promise<readonly ComparedClient[]> => {
    // It brings every message type into memory.
    const { compareClients } = await import('./http/client-config.js');
    return [...compareClients(ads.streams, (node) => sources.get(node)?.current(), client)];
  };

  const destroy = (): void => {
    webhooks?.close();
    source.close();
    plane.stop();
    ads.destroy();
  };
  let httpServer: RunningHttp | undefined;
  let xdsPort: number;
  try {
    xdsPort = await ads.listen(xds.host, xds.port).catch((error: unknown) => {
      throw bindError('--xds', xds.host, xds.port, error);
    });
    if (http !== undefined) {
      httpServer = await listenHttp(http.host, http.port, { state, compare }).catch((error: unknown) => {
        throw bindError('--http', http.host, http.port, error);
      });
    }
    if (options.webhooks !== undefined && source.api !== undefined) {
      const { startWebhooks } = await import('./webhook/start-webhooks.js');
      const judge = createJudge(() => source.objects.objects, options.clusterDomain);
      webhooks = await startWebhooks(options.webhooks, { api: source.api, judge, clock, logger });
    }
  } catch (error) {
    destroy();
    throw error;
  }
  return {
    xdsAddress: formatAddress(xds.host, xdsPort),
    httpAddress: http && httpServer && formatAddress(http.host, httpServer.port),
    webhookAddress: webhooks?.address,
    close: async () => {
      webhooks?.close();
      source.close();
      plane.stop();
      const timer = clock.setTimer(CLOSE_TIMEOUT_MS, () => ads.destroy());
      await ads.close();
      timer.cancel();
      httpServer?.close();
    },
    destroy: () => {
      destroy();
      httpServer?.close();
    },
  };
}

/** What speaks to clusters is loaded where there is one. */
async function openSource(source: ControlOptions['source'], options: SourceOptions): Promise<OpenSource> {
  if ('directory' in source) return openDirectory(source.directory, options);
  const { openCluster } = await import('./open-cluster.js');
  return openCluster(source.cluster, options);
}
