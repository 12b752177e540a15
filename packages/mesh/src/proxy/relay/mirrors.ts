import { isDrawn, type Mirror as MirrorPolicy } from '@weir/core';
import type { HeaderBlock } from '../../http2/header-block.js';
import type { BodyQueue } from './body-queue.js';
import { Mirror } from './mirror.js';
import type { RelayContext } from './relay-context.js';
import type { RequestPolicy } from './request-policy.js';

/** The copies of one request that were drawn for it. Whatever becomes of them, the call does not notice. */
export class Mirrors {
  readonly #mirrors: readonly Mirror[];

  constructor(mirrors: readonly Mirror[]) {
    this.#mirrors = mirrors;
  }

  onRequestData(chunk: Buffer, start: number, end: number, endStream: boolean): void {
    for (const mirror of this.#mirrors) mirror.onRequestData(chunk, start, end, endStream);
  }

  onRequestTrailers(trailers: HeaderBlock): void {
    for (const mirror of this.#mirrors) mirror.onRequestTrailers(trailers);
  }

  onRequestOver(): void {
    for (const mirror of this.#mirrors) mirror.onRequestOver();
  }
}

/** What has come of a request until its copies are made. */
export interface RequestSoFar {
  /** As the endpoint gets it. */
  readonly request: HeaderBlock;
  readonly body: BodyQueue | undefined;
  readonly ended: boolean;
  readonly trailers: HeaderBlock | undefined;
}

/** A copy without a timeout of its own is given up after this: nobody else would ever end it. */
const LONGEST_MIRROR_MS = 300_000;

/** Sends the copies that a request is drawn for; `undefined` when there are none. */
export function startMirrors(
  { decision }: RequestPolicy,
  soFar: RequestSoFar,
  context: RelayContext,
): Mirrors | undefined {
  if (decision.kind !== 'forward' || decision.mirrors.length === 0) return undefined;
  const timeoutMs = decision.timeoutMs === 0 ? LONGEST_MIRROR_MS : decision.timeoutMs;
  const mirrors = decision.mirrors
    .filter(({ fraction }) => isDrawn(fraction, context.random))
    .map((policy) => createMirror(policy, soFar.request, timeoutMs, context))
    .filter((mirror) => mirror !== undefined);
  if (mirrors.length === 0) return undefined;
  for (const mirror of mirrors) mirror.start(soFar.body, soFar.ended, soFar.trailers);
  return new Mirrors(mirrors);
}

function createMirror(
  policy: MirrorPolicy,
  request: HeaderBlock,
  timeoutMs: number,
  context: RelayContext,
): Mirror | undefined {
  const cluster = context.config.cluster(policy.cluster);
  if (cluster === undefined) return undefined;
  const host = context.upstreams.pickReachable(cluster, undefined);
  if (host === undefined || !cluster.limits.requests.tryAcquire()) return undefined;
  const { interner } = context.shared;
  const fields =
    policy.keepsAuthority === true
      ? request.fields
      : request.fields.map((field) =>
          field.name === ':authority' ? interner.intern(':authority', shadowOf(field.value)) : field,
        );
  return new Mirror(context, cluster, host, fields, timeoutMs);
}

/**
 * Envoy, RequestMirrorPolicy: "the host/authority header is altered such that '-shadow' is appended"; to the
 * name, a port staying the port.
 */
export function shadowOf(authority: string): string {
  const port = /:\d+$/.exec(authority);
  return port === null ? `${authority}-shadow` : `${authority.slice(0, port.index)}-shadow${port[0]}`;
}
