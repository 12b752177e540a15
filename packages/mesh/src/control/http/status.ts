import { formatAddress } from '../format-address.js';
import type { Model, ModelService } from '../registry/model.js';
import type { AdsServer } from '../../xds/server/ads-server.js';
import { describeClient, type LimitsOf } from './describe-client.js';
import type { LoadReports } from '../../xds/server/load-reports.js';
import type { PushMetrics } from '../../xds/server/push-metrics.js';
import type { FollowedStatus } from '../../kube/api/follow/kind-follower.js';
import { formatProblem, type Problem } from '../../kube/problem.js';

/** What `/status` and `/metrics` are made of. */
export interface ControlState {
  /** Where the objects come from. */
  readonly origin: { readonly directory: string } | { readonly cluster: string };
  readonly fileCount: number;
  /** Of a cluster: how well each kind is followed. */
  readonly followed: readonly FollowedStatus[];
  /** Of the files, and of objects that do not fit together. */
  readonly problems: readonly Problem[];
  readonly model: Model;
  /** Version of the configuration that clients get, by their namespace and whatever else rules ask of them. */
  readonly versions: ReadonlyMap<string, string>;
  readonly clients: ReturnType<AdsServer['status']>;
  readonly limitsOf: LimitsOf;
  readonly pushMetrics: Pick<PushMetrics, 'types' | 'streamsTotal' | 'stalledTotal'>;
  readonly loadReports: Pick<LoadReports, 'clusters' | 'streams'>;
  /** Now, by `Clock.wallMs`. */
  readonly wallMs: number;
  readonly pushes: number;
  readonly nacks: number;
  /** Seconds spent on publishing. */
  readonly publishSeconds: number;
  /** Seconds since the last publication. */
  readonly snapshotAgeSeconds: number;
  /** Seconds since the source was last seen whole. */
  readonly sourceAgeSeconds: number;
}

/** The document served at `/status`. */
export function describeStatus(state: ControlState): object {
  return {
    ...state.origin,
    ...('directory' in state.origin
      ? { files: state.fileCount }
      : { kinds: Object.fromEntries(state.followed.map(({ kind, ...status }) => [kind, status])) }),
    problems: state.problems.map((problem) => ({ ...problem, text: formatProblem(problem) })),
    services: state.model.services.map(describeService),
    versions: Object.fromEntries(state.versions),
    clients: state.clients.map((client) => describeClient(client, state.limitsOf, state.wallMs)),
  };
}

function describeService(service: ModelService): object {
  return {
    host: service.host,
    from: service.origin,
    ports: service.ports.map(({ number, name, protocol, endpoints }) => ({
      port: number,
      name,
      protocol,
      endpoints: endpoints.map(({ host, port, health, pod }) => ({
        address: formatAddress(host, port),
        health,
        pod,
      })),
    })),
  };
}
