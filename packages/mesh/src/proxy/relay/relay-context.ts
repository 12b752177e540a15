import type { Clock, Random } from '@weir/core';
import type { TrafficCounters } from '../../admin/traffic-counters.js';
import type { RequestMetrics } from '../../admin/request-metrics.js';
import type { ConnectionShared } from '../../http2/connection.js';
import type { ConnectionOptions } from '../../http2/options.js';
import type { Logger } from '../../system/logger.js';
import type { FlushQueue } from '../../transport/flush-queue.js';
import type { ProxyConfig } from '../config/proxy-config.js';
import type { Upstreams } from '../upstream/upstreams.js';
import type { RelayOptions } from './relay-options.js';

/** What every part of the relay works with. */
export interface RelayContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly config: ProxyConfig;
  readonly counters: TrafficCounters;
  readonly metrics: RequestMetrics;
  readonly flushQueue: FlushQueue;
  readonly shared: ConnectionShared;
  readonly http2: ConnectionOptions;
  readonly options: RelayOptions;
  readonly upstreams: Upstreams;
}
