import {
  type AbortStatus,
  drawFault,
  grpcToHttpStatus,
  hashRequest,
  RETRY_PUSHBACK_HEADER,
  type Caller,
  type RequestHash,
  type Timer,
} from '@weir/core';
import { grpcCodeOf, INTERNAL, RESOURCE_EXHAUSTED } from '../../grpc/status.js';
import type { HeaderBlock } from '../../http2/header-block.js';
import { HeaderField } from '../../http2/hpack/header-field.js';
import type { Answer } from './answer.js';
import type { RelayContext } from './relay-context.js';
import type { RequestPolicy } from './request-policy.js';
import { RequestView } from './request-view.js';

/** What a policy has made of a request. */
export type PolicyResult =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | {
      readonly kind: 'forward';
      /** As the endpoint is to get it. */
      readonly request: HeaderBlock;
      /** What binds the request to an endpoint, and the cookies that are to do so from now on. */
      readonly hash: RequestHash;
    };

/** The changes of a route are the router's, and filters come before it. */
const BARE = { fields: [], changes: undefined };

/**
 * Takes a request through what its rule asks for before it is sent. The order is that of Envoy's filters: fault,
 * rate limit, and the router at last, which redirects, answers, or forwards. Neither timeouts nor retries
 * are active before that, since both are the router's.
 *
 * @param then - called once, unless the returned timer of a delay is cancelled
 */
export function passPolicy(
  policy: RequestPolicy,
  request: HeaderBlock,
  caller: Caller,
  context: RelayContext,
  then: (result: PolicyResult) => void,
): Timer | undefined {
  const { clock, random } = context;
  const { delayMs, abort } = drawFault(policy.decision.fault, random);
  const proceed = (): void => then(afterDelay(policy, abort, request, caller, context));
  if (delayMs > 0) return clock.setTimer(delayMs, proceed);
  proceed();
  return undefined;
}

function afterDelay(
  policy: RequestPolicy,
  abort: AbortStatus | undefined,
  request: HeaderBlock,
  caller: Caller,
  context: RelayContext,
): PolicyResult {
  const refusal = abort === undefined ? overLimit(policy, context) : abortion(policy, abort, context);
  if (refusal !== undefined) return { kind: 'answer', answer: refusal };
  const answer = policy.answer(request);
  if (answer !== undefined) {
    context.counters.repliesRoute++;
    return { kind: 'answer', answer };
  }
  const changed = policy.changeRequest(request, context.shared.interner);
  if (changed === undefined) return { kind: 'answer', answer: notValid(policy) };
  // Envoy's router hashes the request as it came: it changes the headers afterwards.
  return { kind: 'forward', request: changed, hash: hashOf(policy, request, caller) };
}

function hashOf({ decision }: RequestPolicy, request: HeaderBlock, caller: Caller): RequestHash {
  return hashRequest(decision.kind === 'forward' ? decision.hash : [], new RequestView(request), caller);
}

function abortion({ decision }: RequestPolicy, abort: AbortStatus, { counters }: RelayContext): Answer {
  counters.repliesFault++;
  const text = `weir: aborted by the fault of route "${decision.routeName}"`;
  return abort.kind === 'http'
    ? { httpStatus: abort.status, grpcCode: grpcCodeOf(abort.status), text, ...BARE }
    : { httpStatus: grpcToHttpStatus(abort.code), grpcCode: abort.code, text, ...BARE };
}

function overLimit(
  { decision }: RequestPolicy,
  { rateLimits, clock, random, counters }: RelayContext,
): Answer | undefined {
  const { rateLimit } = decision;
  if (rateLimit === undefined) return undefined;
  const bucket = rateLimits.bucketOf(rateLimit);
  const nowMs = clock.nowMs();
  if (bucket.admit(nowMs, random)) return undefined;
  counters.repliesRateLimit++;
  const pushback = new HeaderField(RETRY_PUSHBACK_HEADER, String(bucket.msUntilToken(nowMs)));
  const text = `weir: over the rate limit of "${rateLimit.key}"`;
  return { httpStatus: 429, grpcCode: RESOURCE_EXHAUSTED, text, fields: [pushback], changes: undefined };
}

function notValid({ decision }: RequestPolicy): Answer {
  const text = `weir: route "${decision.routeName}" makes of this request one that is not valid`;
  return { httpStatus: 500, grpcCode: INTERNAL, text, ...BARE };
}
