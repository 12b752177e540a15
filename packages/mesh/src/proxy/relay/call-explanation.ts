import { type Explanation, GRPC_CODE_NAMES, type Source } from '@weir/core';
import { NO_STATUS } from '../../grpc/status.js';
import { describeFailure } from './attempt-failure.js';
import type { Attempt } from './attempt.js';

/** Asks for an explanation when its value is `1`, and is the name of the trailer that has it. */
export const EXPLAIN_HEADER = 'x-weir-explain';

/** What is to be explained about one call. */
export interface ExplainedCall {
  readonly route: Explanation;
  /** Where it was sent; empty when nowhere. */
  readonly cluster: string;
  /** In their order; those under way as they are. */
  readonly attempts: readonly Attempt[];
  /** When the request came, on the clock's `nowMs`. */
  readonly arrivedMs: number;
}

/**
 * Says why a call went as it did, as JSON in printable ASCII, so that it can stand in a header. What is longer
 * than `maxBytes` is left out: first the rules that did not match, then what is in force, then all attempts but
 * the last; `leftOut` names it.
 */
export function explainCall(call: ExplainedCall, maxBytes: number): string {
  const parts = {
    rule: ruleOf(call.route),
    passedOver: call.route.passedOver.map(({ name, source, because }) => ({
      route: name,
      ...sourceOf(source),
      because,
    })),
    inForce: settingsOf(call),
    attempts: call.attempts.map((attempt) => attemptOf(attempt, call.arrivedMs)),
  };
  const cluster = call.cluster === '' ? {} : { cluster: call.cluster };
  const { rule, passedOver, inForce, attempts } = parts;
  const shorter = [
    { rule, ...cluster, passedOver, inForce, attempts },
    { rule, ...cluster, inForce, attempts, leftOut: ['passedOver'] },
    { rule, ...cluster, attempts, leftOut: ['passedOver', 'inForce'] },
    { rule, ...cluster, attempts: attempts.slice(-1), leftOut: ['passedOver', 'inForce', 'attempts'] },
  ];
  for (const one of shorter) {
    const text = toAscii(JSON.stringify(one));
    if (text.length <= maxBytes) return text;
  }
  return '{"leftOut":["everything"]}';
}

function ruleOf({ authority, virtualHost, matched }: Explanation) {
  if (virtualHost === undefined) return { authority, because: 'no service answers to it' };
  if (matched === undefined) return { virtualHost: virtualHost.name, because: 'no route matches' };
  return { virtualHost: virtualHost.name, route: matched.name, ...sourceOf(matched.source) };
}

function settingsOf({ route, cluster }: ExplainedCall) {
  const settings = (route.matched?.settings ?? []).filter(
    (one) => one.cluster === undefined || one.cluster === cluster,
  );
  return settings.map(({ name, value, source }) => ({ setting: name, value, ...sourceOf(source) }));
}

function attemptOf(attempt: Attempt, arrivedMs: number) {
  const { address, pod } = attempt.host.endpoint;
  const { headersAfterMs } = attempt;
  return {
    endpoint: address,
    ...(pod !== '' && { pod }),
    afterMs: round(attempt.beganMs - arrivedMs),
    ...(headersAfterMs !== undefined && { headersAfterMs: round(headersAfterMs) }),
    outcome: outcomeOf(attempt),
  };
}

function outcomeOf({ failure, timedOut, givenUp, grpcStatus, httpStatus }: Attempt): string {
  if (failure !== undefined) return describeFailure(failure);
  if (timedOut) return 'out of time';
  if (givenUp) return 'given up';
  if (grpcStatus !== NO_STATUS)
    return (GRPC_CODE_NAMES[grpcStatus] ?? String(grpcStatus)).toUpperCase().replaceAll('-', '_');
  return httpStatus === undefined ? 'no answer yet' : `HTTP ${httpStatus.value}`;
}

function sourceOf(source: Source | undefined) {
  return source === undefined ? {} : { source: `${source.object} (${source.file}:${source.line})` };
}

function round(lengthMs: number): number {
  return Math.round(lengthMs * 10) / 10;
}

/** JSON stays the same JSON. */
function toAscii(json: string): string {
  return json.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
