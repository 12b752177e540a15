import type { RetrySkipReason } from '@weir/core';
import { type ByDirection, eachDirection } from './direction.js';
import type { MetricType, PrometheusText } from './prometheus-text.js';

/**
 * What the data path counts, as plain numbers that it changes in place. One object for each direction;
 * every field is a metric of the same name (see `TRAFFIC_METRICS`).
 */
export class TrafficCounters {
  /** Open now. */
  downstreamConnections = 0;
  downstreamConnectionsTotal = 0;
  /** Open now. */
  downstreamStreams = 0;
  downstreamStreamsTotal = 0;
  /** RST_STREAM by the caller: cancelled calls. */
  downstreamResets = 0;
  downstreamProtocolErrors = 0;
  downstreamReceivedBytes = 0;
  downstreamSentBytes = 0;
  http1ConnectionsTotal = 0;
  http1RequestsTotal = 0;
  /** Connections not understood, passed through byte by byte. */
  splicedConnectionsTotal = 0;

  /** Load probes answered for the application. */
  loadProbesAnswered = 0;

  upstreamConnectionsTotal = 0;
  upstreamConnectFailures = 0;
  upstreamConnectTimeouts = 0;
  upstreamGoaways = 0;
  /** RST_STREAM by the endpoint. */
  upstreamResets = 0;
  upstreamProtocolErrors = 0;
  upstreamReceivedBytes = 0;
  upstreamSentBytes = 0;

  /** Load probes sent to endpoints, by what became of them. */
  probesAnswered = 0;
  probesLate = 0;
  probesUnsupported = 0;
  probesFailed = 0;

  /** Retries, by why the attempt before provably was not processed. */
  retriesConnectFailure = 0;
  retriesRefusedStream = 0;
  retriesGoaway = 0;
  /** Retries that a policy asked for because of the status. */
  retriesStatus = 0;
  /** Because the endpoint or its connection broke off. */
  retriesReset = 0;
  /** Because the attempt's own time was up. */
  retriesTimeout = 0;

  /** Retries wanted and not made, by why. */
  skippedHeadersCommitted = 0;
  skippedBufferFull = 0;
  skippedNotIdempotent = 0;
  skippedAttempts = 0;
  skippedPushback = 0;
  skippedDeadline = 0;
  skippedBudget = 0;
  skippedMaxRetries = 0;
  skippedNoHost = 0;

  /** Attempts sent before the one before had failed, or at once after it had. */
  hedgesSent = 0;
  /** Calls answered by another attempt than their first. */
  hedgesWon = 0;

  /** Attempts of hedged calls wanted and not made, by why. */
  hedgesSkippedNoHost = 0;
  hedgesSkippedMaxRetries = 0;
  hedgesSkippedBudget = 0;
  hedgesSkippedMaxRequests = 0;
  hedgesSkippedPushback = 0;
  hedgesSkippedDeadline = 0;
  hedgesSkippedBufferFull = 0;

  /** Calls the proxy itself answered, by why. */
  repliesNoRoute = 0;
  repliesNoEndpoint = 0;
  repliesConnectFailure = 0;
  repliesDeadline = 0;
  repliesOverflow = 0;
  repliesFault = 0;
  repliesRateLimit = 0;
  /** Redirects and direct responses. */
  repliesRoute = 0;
}

type CounterName = keyof TrafficCounters;

/** What counts a retry that was wanted and not made. */
export const SKIPPED_RETRIES = {
  headers_committed: 'skippedHeadersCommitted',
  buffer_full: 'skippedBufferFull',
  not_idempotent: 'skippedNotIdempotent',
  attempts: 'skippedAttempts',
  pushback: 'skippedPushback',
  deadline: 'skippedDeadline',
  budget: 'skippedBudget',
  max_retries: 'skippedMaxRetries',
  no_host: 'skippedNoHost',
} as const satisfies Record<Exclude<RetrySkipReason, 'not_retriable'>, CounterName>;

/** What counts a further attempt of a hedged call that was wanted and not made. */
export const SKIPPED_HEDGES = {
  /** No host is left that has no attempt of the call. */
  no_host: 'hedgesSkippedNoHost',
  max_retries: 'hedgesSkippedMaxRetries',
  budget: 'hedgesSkippedBudget',
  max_requests: 'hedgesSkippedMaxRequests',
  /** A server asks not to come back. */
  pushback: 'hedgesSkippedPushback',
  /** The pause that a server asks for would outlast the call. */
  deadline: 'hedgesSkippedDeadline',
  /** The request is longer than what is kept of it. */
  buffer_full: 'hedgesSkippedBufferFull',
} as const satisfies Record<string, CounterName>;

export type HedgeSkipReason = keyof typeof SKIPPED_HEDGES;

interface TrafficMetric {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /** The field, or one field for each value of the label. */
  readonly fields:
    CounterName | { readonly label: string; readonly values: Readonly<Record<string, CounterName>> };
}

/** Every field of `TrafficCounters` and the metric it is read into. */
export const TRAFFIC_METRICS: readonly TrafficMetric[] = [
  gauge('weir_downstream_connections', 'Connections from callers, open now.', 'downstreamConnections'),
  counter(
    'weir_downstream_connections_total',
    'Connections accepted from callers.',
    'downstreamConnectionsTotal',
  ),
  gauge('weir_downstream_streams', 'HTTP/2 streams from callers, open now.', 'downstreamStreams'),
  counter('weir_downstream_streams_total', 'HTTP/2 streams opened by callers.', 'downstreamStreamsTotal'),
  counter(
    'weir_downstream_resets_total',
    'Streams that the caller reset: cancelled calls.',
    'downstreamResets',
  ),
  counter(
    'weir_downstream_protocol_errors_total',
    'Connections from callers ended because of an HTTP/2 protocol error.',
    'downstreamProtocolErrors',
  ),
  counter('weir_downstream_received_bytes_total', 'Bytes read from callers.', 'downstreamReceivedBytes'),
  counter('weir_downstream_sent_bytes_total', 'Bytes written to callers.', 'downstreamSentBytes'),
  counter(
    'weir_http1_connections_total',
    'Connections from callers that speak HTTP/1.0 or 1.1.',
    'http1ConnectionsTotal',
  ),
  counter('weir_http1_requests_total', 'Requests of HTTP/1.0 or 1.1 from callers.', 'http1RequestsTotal'),
  counter(
    'weir_spliced_connections_total',
    'Connections passed through untouched, as they speak no HTTP or go to no service of the mesh.',
    'splicedConnectionsTotal',
  ),
  counter(
    'weir_load_probes_answered_total',
    'Questions for the load of the application, answered for it.',
    'loadProbesAnswered',
  ),
  counter('weir_upstream_connections_total', 'Connections opened to endpoints.', 'upstreamConnectionsTotal'),
  {
    name: 'weir_upstream_connect_failures_total',
    type: 'counter',
    help: 'Connections to endpoints that could not be opened.',
    fields: {
      label: 'reason',
      values: { error: 'upstreamConnectFailures', timeout: 'upstreamConnectTimeouts' },
    },
  },
  counter('weir_upstream_goaways_total', 'GOAWAY frames received from endpoints.', 'upstreamGoaways'),
  counter('weir_upstream_resets_total', 'Streams that an endpoint reset.', 'upstreamResets'),
  counter(
    'weir_upstream_protocol_errors_total',
    'Connections to endpoints ended because of an HTTP/2 protocol error.',
    'upstreamProtocolErrors',
  ),
  counter('weir_upstream_received_bytes_total', 'Bytes read from endpoints.', 'upstreamReceivedBytes'),
  counter('weir_upstream_sent_bytes_total', 'Bytes written to endpoints.', 'upstreamSentBytes'),
  {
    name: 'weir_upstream_load_probes_total',
    type: 'counter',
    help: 'Load probes sent to endpoints, by what became of them.',
    fields: {
      label: 'result',
      values: {
        answered: 'probesAnswered',
        late: 'probesLate',
        unsupported: 'probesUnsupported',
        failed: 'probesFailed',
      },
    },
  },
  {
    name: 'weir_retries_total',
    type: 'counter',
    help: 'Attempts made again, by why the attempt before ended.',
    fields: {
      label: 'reason',
      values: {
        connect_failure: 'retriesConnectFailure',
        refused_stream: 'retriesRefusedStream',
        goaway: 'retriesGoaway',
        status: 'retriesStatus',
        reset: 'retriesReset',
        timeout: 'retriesTimeout',
      },
    },
  },
  {
    name: 'weir_retries_skipped_total',
    type: 'counter',
    help: 'Retries wanted and not made, by why.',
    fields: { label: 'reason', values: SKIPPED_RETRIES },
  },
  counter('weir_hedges_total', 'Further attempts sent of hedged calls.', 'hedgesSent'),
  counter(
    'weir_hedges_won_total',
    'Hedged calls that another attempt than their first answered.',
    'hedgesWon',
  ),
  {
    name: 'weir_hedges_skipped_total',
    type: 'counter',
    help: 'Further attempts of hedged calls wanted and not made, by why.',
    fields: { label: 'reason', values: SKIPPED_HEDGES },
  },
  {
    name: 'weir_local_replies_total',
    type: 'counter',
    help: 'Calls that the proxy itself answered, by why.',
    fields: {
      label: 'reason',
      values: {
        no_route: 'repliesNoRoute',
        no_endpoint: 'repliesNoEndpoint',
        connect_failure: 'repliesConnectFailure',
        deadline: 'repliesDeadline',
        overflow: 'repliesOverflow',
        fault: 'repliesFault',
        rate_limit: 'repliesRateLimit',
        route: 'repliesRoute',
      },
    },
  },
];

/** Appends a metric for every counter. */
export function formatTraffic(all: ByDirection<TrafficCounters>, text: PrometheusText): void {
  for (const { name, type, help, fields } of TRAFFIC_METRICS) {
    const metric = text.metric(name, type, help);
    eachDirection(all, (counters, label) => {
      if (typeof fields === 'string') return metric.sample(counters[fields], label);
      for (const [value, field] of Object.entries(fields.values)) {
        metric.sample(counters[field], { [fields.label]: value, ...label });
      }
    });
  }
}

function gauge(name: string, help: string, field: CounterName): TrafficMetric {
  return { name, type: 'gauge', help, fields: field };
}

function counter(name: string, help: string, field: CounterName): TrafficMetric {
  return { name, type: 'counter', help, fields: field };
}
