import type { Endpoint } from '@weir/core';
import { type ByDirection, eachDirection } from './direction.js';
import { LATENCY_BOUNDS_MS, LatencyHistogram } from './latency-histogram.js';
import type { PrometheusText } from './prometheus-text.js';

/** For a response that carried no `grpc-status`: plain HTTP, or a stream that broke off. */
export const GRPC_STATUS_NONE = 17;
const GRPC_STATUS_UNKNOWN = 2;

/** Stands for methods and endpoints beyond the limits. */
const OTHER = 'other';
const MAX_METHOD_LENGTH = 256;

export interface RequestMetricsOptions {
  /** Distinct methods of all services together; further ones are counted as `other`. Default 1000. */
  readonly maxMethods?: number;
  /** Distinct (method, endpoint) pairs; further ones are counted under the endpoint `other`. Default 20 000. */
  readonly maxSeries?: number;
}

/**
 * Counts requests by service, method, endpoint and gRPC status, and how long they took. The path of a
 * request is the caller's to choose, so the number of series is limited.
 */
export class RequestMetrics {
  readonly #services = new Map<string, Map<string, MethodMetrics>>();
  readonly #budget: SeriesBudget;
  readonly #maxMethods: number;
  #methodCount = 0;

  constructor(options: RequestMetricsOptions = {}) {
    this.#maxMethods = options.maxMethods ?? 1000;
    this.#budget = { left: options.maxSeries ?? 20_000 };
  }

  /**
   * The counters of one method, to be kept by the caller for as long as the route decision they belong to.
   * `service` must come from the configuration, never from the request ('' when there is none); `method` is
   * the `:path` without its query.
   */
  method(service: string, method: string): MethodMetrics {
    let methods = this.#services.get(service);
    if (methods === undefined) this.#services.set(service, (methods = new Map()));
    const known = methods.get(method);
    if (known !== undefined) return known;
    if (method !== OTHER && (this.#methodCount >= this.#maxMethods || method.length > MAX_METHOD_LENGTH)) {
      return this.method(service, OTHER);
    }
    if (method !== OTHER) this.#methodCount++;
    const added = new MethodMetrics(this.#budget);
    methods.set(method, added);
    return added;
  }

  /** Drops the counters of an endpoint that has gone for good, so that a rolling mesh does not grow. */
  forgetEndpoint(address: string): void {
    for (const methods of this.#services.values()) {
      for (const method of methods.values()) method.forgetEndpoint(address);
    }
  }

  /** Drops the counters of a service that has gone for good. */
  forgetService(service: string): void {
    const methods = this.#services.get(service);
    if (methods === undefined) return;
    for (const [name, method] of methods) {
      method.forgetAll();
      if (name !== OTHER) this.#methodCount--;
    }
    this.#services.delete(service);
  }

  /** Requests of one service, all methods together, by endpoint address. */
  countByEndpoint(service: string): ReadonlyMap<string, number> {
    const totals = new Map<string, number>();
    for (const method of this.#services.get(service)?.values() ?? []) {
      for (const { address, counts } of method.endpoints()) {
        const count = counts.reduce((sum, next) => sum + next, 0);
        totals.set(address, (totals.get(address) ?? 0) + count);
      }
    }
    return totals;
  }

  /** Everything counted, as plain values that can go to another process. */
  series(): MethodSeries[] {
    const all: MethodSeries[] = [];
    this.forEachMethod((service, method, metrics) => {
      all.push({
        service,
        method,
        latencyCounts: metrics.latency.counts,
        latencySumMs: metrics.latency.sumMs,
        endpoints: Array.from(metrics.endpoints(), ({ address, pod, counts }) => ({ address, pod, counts })),
      });
    });
    return all;
  }

  /** Adds what another process counted. */
  add(all: readonly MethodSeries[]): void {
    for (const series of all) this.method(series.service, series.method).add(series);
  }

  /** Calls `visit` with every method of every service. */
  forEachMethod(visit: (service: string, method: string, metrics: MethodMetrics) => void): void {
    for (const [service, methods] of this.#services) {
      for (const [method, metrics] of methods) visit(service, method, metrics);
    }
  }
}

/** Appends `weir_requests_total` and `weir_request_duration_seconds`. */
export function formatRequests(all: ByDirection<RequestMetrics>, text: PrometheusText): void {
  const requests = text.metric(
    'weir_requests_total',
    'counter',
    'Requests finished, by gRPC status code; "none" is a response without one (plain HTTP or broken off).',
  );
  eachDirection(all, (counted, label) => {
    counted.forEachMethod((service, method, metrics) => {
      for (const { address, pod, counts } of metrics.endpoints()) {
        counts.forEach((count, status) => {
          if (count === 0) return;
          const grpcStatus = status === GRPC_STATUS_NONE ? 'none' : String(status);
          const labels = { service, method, endpoint: address, pod, grpc_status: grpcStatus };
          requests.sample(count, { ...labels, ...label });
        });
      }
    });
  });
  const durations = text.metric(
    'weir_request_duration_seconds',
    'histogram',
    'Time from the request headers until the end of the response.',
  );
  const bounds = LATENCY_BOUNDS_MS.map((bound) => bound / 1000);
  eachDirection(all, (counted, label) => {
    counted.forEachMethod((service, method, { latency }) => {
      durations.histogram(bounds, latency.counts, latency.sumMs / 1000, { service, method, ...label });
    });
  });
}

/** One method's counters as plain values. */
export interface MethodSeries {
  readonly service: string;
  readonly method: string;
  readonly latencyCounts: readonly number[];
  readonly latencySumMs: number;
  readonly endpoints: readonly {
    readonly address: string;
    readonly pod: string;
    readonly counts: readonly number[];
  }[];
}

/** The counters of one method of one service. */
export class MethodMetrics {
  readonly latency = new LatencyHistogram();
  readonly #endpoints = new Map<string, EndpointCounts>();
  readonly #budget: SeriesBudget;

  constructor(budget: SeriesBudget) {
    this.#budget = budget;
  }

  /**
   * Counts one finished request. `endpoint` is undefined when none was reached; `grpcStatus` is 0 to 16 or
   * `GRPC_STATUS_NONE`, any other number counts as UNKNOWN.
   */
  record(endpoint: Endpoint | undefined, grpcStatus: number, durationMs: number): void {
    const address = endpoint === undefined ? '' : endpoint.address;
    const pod = endpoint === undefined ? '' : endpoint.pod;
    let entry = this.#endpoints.get(address);
    // An address is handed on from pod to pod; the new pod starts its own series.
    if (entry === undefined || entry.pod !== pod) entry = this.#add(address, pod);
    const { counts } = entry;
    counts[counts[grpcStatus] === undefined ? GRPC_STATUS_UNKNOWN : grpcStatus]! += 1;
    this.latency.record(durationMs);
  }

  /** Adds what another process counted of the same method. */
  add({ latencyCounts, latencySumMs, endpoints }: MethodSeries): void {
    latencyCounts.forEach((count, bucket) => (this.latency.counts[bucket]! += count));
    this.latency.sumMs += latencySumMs;
    for (const { address, pod, counts } of endpoints) {
      const own = this.#countsOf(address, pod);
      counts.forEach((count, status) => (own[status]! += count));
    }
  }

  endpoints(): Iterable<EndpointCounts> {
    return this.#endpoints.values();
  }

  forgetEndpoint(address: string): void {
    if (this.#endpoints.delete(address)) this.#budget.left++;
  }

  forgetAll(): void {
    this.#budget.left += this.#endpoints.size;
    this.#endpoints.clear();
  }

  #countsOf(address: string, pod: string): number[] {
    const entry = this.#endpoints.get(address);
    // An address is handed on from pod to pod; the new pod starts its own series.
    return (entry === undefined || entry.pod !== pod ? this.#add(address, pod) : entry).counts;
  }

  #add(address: string, pod: string): EndpointCounts {
    const replaced = this.#endpoints.has(address);
    if (!replaced && this.#budget.left <= 0 && address !== OTHER) {
      return this.#endpoints.get(OTHER) ?? this.#add(OTHER, '');
    }
    if (!replaced) this.#budget.left--;
    const entry = new EndpointCounts(address, pod);
    this.#endpoints.set(address, entry);
    return entry;
  }
}

/** Requests to one endpoint by gRPC status. */
export class EndpointCounts {
  readonly address: string;
  readonly pod: string;
  /** Index: gRPC status 0 to 16, then `GRPC_STATUS_NONE`. */
  readonly counts: number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

  constructor(address: string, pod: string) {
    this.address = address;
    this.pod = pod;
  }
}

/** How many more (method, endpoint) pairs may be told apart. */
interface SeriesBudget {
  left: number;
}
