import { formatAddress } from '../format-address.js';
import type { Model, ModelService } from '../registry/model.js';
import type { AdsServer } from '../../xds/server/ads-server.js';
import { shortTypeName } from '../../xds/type-urls.js';
import { formatProblem, type Problem } from '../../kube/problem.js';

/** What `/status` and `/metrics` are made of. */
export interface ControlState {
  readonly directory: string;
  readonly fileCount: number;
  /** Of the files, and of objects that do not fit together. */
  readonly problems: readonly Problem[];
  readonly model: Model;
  /** Version of the configuration that clients get, by their namespace and whatever else rules ask of them. */
  readonly versions: ReadonlyMap<string, string>;
  readonly clients: ReturnType<AdsServer['status']>;
  readonly pushes: number;
  readonly nacks: number;
  /** Seconds since the source was last seen whole. */
  readonly sourceAgeSeconds: number;
}

/** The document served at `/status`. */
export function describeStatus(state: ControlState): object {
  return {
    directory: state.directory,
    files: state.fileCount,
    problems: state.problems.map((problem) => ({ ...problem, text: formatProblem(problem) })),
    services: state.model.services.map(describeService),
    versions: Object.fromEntries(state.versions),
    clients: state.clients.map(({ nodeId, userAgent, peer, types }) => ({
      node: nodeId,
      userAgent,
      peer,
      types: Object.fromEntries(
        [...types].map(([typeUrl, { subscribed, ackedVersion, pending, rejection }]) => [
          shortTypeName(typeUrl),
          { subscribed, ackedVersion, pending, rejection },
        ]),
      ),
    })),
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

/** Prometheus text format 0.0.4. */
export function formatMetrics(state: ControlState): string {
  const endpoints = state.model.services.flatMap((service) =>
    service.ports.flatMap((port) => port.endpoints),
  );
  const withHealth = (health: string) => endpoints.filter((endpoint) => endpoint.health === health).length;
  const errors = state.problems.filter((problem) => problem.severity === 'error').length;
  return [
    metric('weir_control_files', 'gauge', 'Manifest files in the directory.', [['', state.fileCount]]),
    metric('weir_control_problems', 'gauge', 'What is wrong in the manifests now.', [
      ['{severity="error"}', errors],
      ['{severity="warning"}', state.problems.length - errors],
    ]),
    metric('weir_control_services', 'gauge', 'Services known.', [['', state.model.services.length]]),
    metric('weir_control_endpoints', 'gauge', 'Endpoints of all service ports.', [
      ['{health="healthy"}', withHealth('healthy')],
      ['{health="draining"}', withHealth('draining')],
    ]),
    metric(
      'weir_control_source_age_seconds',
      'gauge',
      'Time since the source was last read without failure.',
      [['', state.sourceAgeSeconds]],
    ),
    metric('weir_control_clients', 'gauge', 'Open xDS streams.', [['', state.clients.length]]),
    metric('weir_control_pushes_total', 'counter', 'New configurations published.', [['', state.pushes]]),
    metric('weir_control_nacks_total', 'counter', 'Configurations that clients refused.', [
      ['', state.nacks],
    ]),
  ].join('');
}

function metric(
  name: string,
  type: 'gauge' | 'counter',
  help: string,
  samples: readonly (readonly [string, number])[],
): string {
  const lines = samples.map(([labels, value]) => `${name}${labels} ${value}`);
  return `${[`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines].join('\n')}\n`;
}
