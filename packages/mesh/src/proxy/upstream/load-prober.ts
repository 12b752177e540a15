import {
  decodeOrcaLoadReport,
  LOAD_PROBE_PATH,
  LOAD_TRAILER,
  type LoadReport,
  type ProbeSender,
  type Timer,
} from '@weir/core';
import { parseStatus, UNIMPLEMENTED } from '../../grpc/status.js';
import type { HeaderBlock } from '../../http2/header-block.js';
import { HeaderField } from '../../http2/hpack/header-field.js';
import type { Cluster } from '../config/cluster.js';
import type { UpstreamHost } from '../config/upstream-host.js';
import type { RelayContext } from '../relay/relay-context.js';
import { Probe } from './probe.js';

type OnReply = (report: LoadReport | undefined) => void;

/** How long an endpoint is left alone that does not know what it is asked. */
const UNSUPPORTED_MS = 5 * 60_000;
/** An endpoint that owes so many answers is not asked for more. */
const MAX_UNDER_WAY = 16;

/**
 * Asks the endpoints of a cluster for their load, over the connections that requests go by. Nothing is reset when
 * an answer is late: resets are what endpoints count against whoever sends them.
 */
export class LoadProber implements ProbeSender<UpstreamHost> {
  readonly #context: () => RelayContext;
  readonly #cluster: Cluster;
  readonly #fields: readonly HeaderField[];
  /** In the order in which they were sent, which is that in which they are overdue. */
  readonly #underWay = new Set<Probe>();
  #timer: Timer | undefined = undefined;

  /** @param context - asked when needed, since it is made of the configuration that this is part of */
  constructor(context: () => RelayContext, cluster: Cluster) {
    this.#context = context;
    this.#cluster = cluster;
    this.#fields = [
      new HeaderField(':method', 'POST'),
      new HeaderField(':scheme', 'http'),
      new HeaderField(':path', LOAD_PROBE_PATH),
      new HeaderField(':authority', cluster.service),
      new HeaderField('content-type', 'application/grpc'),
      new HeaderField('te', 'trailers'),
    ];
  }

  probe(host: UpstreamHost, onReply: OnReply): void {
    const { clock, upstreams, options } = this.#context();
    const nowMs = clock.nowMs();
    const isAsked = nowMs >= host.noProbesUntilMs && host.probesUnderWay < MAX_UNDER_WAY && !host.removed;
    const connection = isAsked ? upstreams.connectionsOf(host, this.#cluster).probeable : undefined;
    if (connection === undefined) return queueMicrotask(() => onReply(undefined));
    const probe = new Probe(host, nowMs + options.probeTimeoutMs, onReply, (ended, last) =>
      this.#onEnd(ended, last),
    );
    host.probesUnderWay++;
    this.#underWay.add(probe);
    probe.send(connection, this.#fields);
    if (this.#timer !== undefined) return;
    this.#timer = clock.setTimer(options.probeTimeoutMs, () => this.#onOverdue());
  }

  /** @param last - what its answer ended with; `undefined`: it got none */
  #onEnd(probe: Probe, last: HeaderBlock | undefined): void {
    const { counters, clock } = this.#context();
    const { host } = probe;
    host.probesUnderWay--;
    const isLate = !this.#underWay.delete(probe);
    const report = reportIn(last);
    if (isLate) return;
    if (report !== undefined) counters.probesAnswered++;
    else if (isUnimplemented(last)) {
      counters.probesUnsupported++;
      host.noProbesUntilMs = clock.nowMs() + UNSUPPORTED_MS;
    } else counters.probesFailed++;
    // It may end within the call that began it, and whoever asked is not to hear of it before that has returned.
    queueMicrotask(() => probe.onReply(report));
  }

  #onOverdue(): void {
    const { counters, clock } = this.#context();
    this.#timer = undefined;
    const nowMs = clock.nowMs();
    for (const probe of this.#underWay) {
      if (probe.dueMs > nowMs) {
        this.#timer = clock.setTimer(probe.dueMs - nowMs, () => this.#onOverdue());
        return;
      }
      this.#underWay.delete(probe);
      counters.probesLate++;
      probe.onReply(undefined);
    }
  }
}

function reportIn(last: HeaderBlock | undefined): LoadReport | undefined {
  const value = last?.get(LOAD_TRAILER);
  return value === undefined ? undefined : decodeOrcaLoadReport(Buffer.from(value, 'base64'));
}

function isUnimplemented(last: HeaderBlock | undefined): boolean {
  const status = last?.get('grpc-status');
  return status !== undefined && parseStatus(status) === UNIMPLEMENTED;
}
