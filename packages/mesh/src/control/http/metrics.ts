import { PrometheusText } from '../../admin/prometheus-text.js';
import { ACK_BUCKETS_MS } from '../../xds/server/push-metrics.js';
import type { SyncState } from '../../xds/server/type-status.js';
import { shortTypeName } from '../../xds/type-urls.js';
import { profileOf } from '../translate/client-profile.js';
import type { ControlState } from './status.js';

/** The page `/metrics`. */
export function formatMetrics(state: ControlState): string {
  const text = new PrometheusText();
  writeRegistry(text, state);
  writeClients(text, state);
  writePushes(text, state);
  writeLoadReports(text, state);
  return text.toString();
}

function writeRegistry(text: PrometheusText, state: ControlState): void {
  const gauge = (name: string, help: string) => text.metric(name, 'gauge', help);
  if ('directory' in state.origin)
    gauge('weir_control_files', 'Manifest files in the directory; none for a cluster.').sample(
      state.fileCount,
    );
  else writeFollowed(text, state);
  const errors = state.problems.filter((problem) => problem.severity === 'error').length;
  const problems = gauge('weir_control_problems', 'What is wrong in the manifests now.');
  problems.sample(errors, { severity: 'error' });
  problems.sample(state.problems.length - errors, { severity: 'warning' });
  gauge('weir_control_services', 'Services known.').sample(state.model.services.length);
  const health = { healthy: 0, draining: 0 };
  for (const { ports } of state.model.services)
    for (const { endpoints } of ports) for (const endpoint of endpoints) health[endpoint.health] += 1;
  const endpoints = gauge('weir_control_endpoints', 'Endpoints of all service ports.');
  for (const [label, count] of Object.entries(health)) endpoints.sample(count, { health: label });
  gauge('weir_control_source_age_seconds', 'Time since the source was last read without failure.').sample(
    state.sourceAgeSeconds,
  );
  gauge('weir_control_snapshot_age_seconds', 'Time since a configuration was last published.').sample(
    state.snapshotAgeSeconds,
  );
}

/** How well each kind of a cluster is followed. */
function writeFollowed(text: PrometheusText, { followed }: ControlState): void {
  const gauge = (name: string, help: string) => text.metric(name, 'gauge', help);
  const age = gauge(
    'weir_control_kind_age_seconds',
    'Time since the objects of a kind were known to be current: 0 while they are followed.',
  );
  for (const { kind, ageSeconds } of followed) if (ageSeconds !== undefined) age.sample(ageSeconds, { kind });
  const failing = gauge(
    'weir_control_kind_failing',
    '1 while the objects of a kind cannot be followed, and the last known ones are in force.',
  );
  for (const { kind, failure } of followed) failing.sample(failure === undefined ? 0 : 1, { kind });
  const count = gauge('weir_control_kind_objects', 'Objects of a kind in the cluster.');
  for (const { kind, objects } of followed) count.sample(objects, { kind });
}

function writeClients(text: PrometheusText, { clients }: ControlState): void {
  const kinds = new Map<string, number>();
  const states = new Map<string, number>();
  const key = (...parts: readonly string[]): string => parts.join(' ');
  for (const { node = {}, variant, types } of clients) {
    const ofKind = key(profileOf(node).kind, variant);
    kinds.set(ofKind, (kinds.get(ofKind) ?? 0) + 1);
    for (const [typeUrl, status] of types) {
      const ofState = key(shortTypeName(typeUrl), status.state);
      states.set(ofState, (states.get(ofState) ?? 0) + 1);
    }
  }
  const open = text.metric('weir_control_clients', 'gauge', 'Open xDS streams, by kind of client.');
  if (kinds.size === 0) open.sample(0, { kind: 'sidecar', variant: 'delta' });
  for (const [each, count] of kinds) {
    const [kind = '', variant = ''] = each.split(' ');
    open.sample(count, { kind, variant });
  }
  const sync = text.metric(
    'weir_control_client_states',
    'gauge',
    'Streams by type of resource and its state.',
  );
  for (const [each, count] of states) {
    const [type = '', state = ''] = each.split(' ') as [string, SyncState?];
    sync.sample(count, { type, state });
  }
}

function writePushes(text: PrometheusText, state: ControlState): void {
  const counter = (name: string, help: string) => text.metric(name, 'counter', help);
  counter('weir_control_pushes_total', 'New configurations published.').sample(state.pushes);
  counter('weir_control_publish_seconds_total', 'Time spent on making them.').sample(state.publishSeconds);
  counter('weir_control_nacks_total', 'Configurations that clients refused.').sample(state.nacks);
  counter('weir_control_streams_total', 'xDS streams opened.').sample(state.pushMetrics.streamsTotal);
  counter('weir_control_stalled_total', 'Clients cut off because they did not read.').sample(
    state.pushMetrics.stalledTotal,
  );
  const types = [...state.pushMetrics.types].map(
    ([typeUrl, metrics]) => [shortTypeName(typeUrl), metrics] as const,
  );
  const responses = counter('weir_control_responses_total', 'xDS responses sent.');
  for (const [type, metrics] of types) responses.sample(metrics.responses, { type });
  const bytes = counter('weir_control_response_bytes_total', 'Their size.');
  for (const [type, metrics] of types) bytes.sample(metrics.bytes, { type });
  const answers = counter('weir_control_answers_total', 'What clients said of them.');
  for (const [type, { acks, nacks }] of types) {
    answers.sample(acks, { type, answer: 'ack' });
    answers.sample(nacks, { type, answer: 'nack' });
  }
  const latency = text.metric(
    'weir_control_answer_seconds',
    'histogram',
    'Time from a response to its answer.',
  );
  const bounds = ACK_BUCKETS_MS.map((bound) => bound / 1000);
  for (const [type, { buckets, answerMs }] of types)
    latency.histogram(bounds, buckets, answerMs / 1000, { type });
}

function writeLoadReports(text: PrometheusText, { loadReports }: ControlState): void {
  text
    .metric('weir_control_load_streams', 'gauge', 'Clients that report load (LRS).')
    .sample(loadReports.streams);
  const requests = text.metric(
    'weir_control_reported_requests_total',
    'counter',
    'Calls that clients without a sidecar report, by cluster and outcome.',
  );
  for (const [cluster, { succeeded, failed, dropped }] of loadReports.clusters) {
    requests.sample(succeeded, { cluster, result: 'success' });
    requests.sample(failed, { cluster, result: 'error' });
    requests.sample(dropped, { cluster, result: 'dropped' });
  }
}
