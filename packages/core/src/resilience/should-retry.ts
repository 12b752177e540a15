import type { Random } from '../random.js';
import { type AttemptOutcome, isUnprocessed } from './attempt-outcome.js';
import { backoffDelayMs, type BackoffSettings, defaultBackoff } from './backoff.js';
import { isRetriable } from './retry-match.js';
import type { RetryPolicy } from './retry-policy.js';
import { parsePushback, RETRY_PUSHBACK_HEADER } from './retry-pushback.js';

/** Why there is no retry. Only `not_retriable` means that none was wanted: it is not counted. */
export const RETRY_SKIP_REASONS = [
  /** Nobody asks for a retry of an attempt that ended like this. */
  'not_retriable',
  /** The caller has seen part of a response. */
  'headers_committed',
  /** The request is longer than what is kept of it. */
  'buffer_full',
  /** The policy says that the application must not be asked twice. */
  'not_idempotent',
  /** No attempts are left. */
  'attempts',
  /** The server asks not to come back. */
  'pushback',
  /** The pause would outlast the call. */
  'deadline',
  /** Too many retries for the requests that there are. */
  'budget',
  /** Too many retries at once. */
  'max_retries',
  /** There is no endpoint to go to. */
  'no_host',
] as const;

export type RetrySkipReason = (typeof RETRY_SKIP_REASONS)[number];

/** What the caller of `shouldRetry` knows to stand in the way, whatever the policy says. */
export type RetryObstacle = 'headers_committed' | 'buffer_full';

/** What happened to the call so far. Times on the clock's `nowMs`. */
export interface RetryState {
  readonly nowMs: number;
  /** When the call must have ended; `Infinity` when it need not. */
  readonly deadlineMs: number;
  /** Retries begun because the policy asked for them: what `grpc-previous-rpc-attempts` says. */
  readonly retries: number;
  /** Retries begun since the server last said when to come back; how far the backoff has grown. */
  readonly retriesSincePushback: number;
  /** Retries begun without the policy, by what made them necessary. */
  readonly transparentRetries: number;
  readonly refusalRetries: number;
  readonly obstacle: RetryObstacle | undefined;
}

export const noRetriesYet: Omit<RetryState, 'nowMs' | 'deadlineMs'> = {
  retries: 0,
  retriesSincePushback: 0,
  transparentRetries: 0,
  refusalRetries: 0,
  obstacle: undefined,
};

export type RetryDecision =
  | {
      readonly retry: true;
      /** Pause before the next attempt, in milliseconds. */
      readonly afterMs: number;
      /**
       * What it is counted as. `transparent`: nothing reached an endpoint, so neither budget nor limit is
       * asked. `refusal` and `policy`: both must be asked (`RetryBudget.tryStartRetry`), and when they refuse,
       * the reason is `budget` or `max_retries`.
       */
      readonly countsAs: 'transparent' | 'refusal' | 'policy';
      /** The server said when to come back. */
      readonly pushedBack: boolean;
    }
  | { readonly retry: false; readonly reason: RetrySkipReason };

/** How often an attempt that was not processed is made again without a policy. */
export interface TransparentLimits {
  /** After connect failures, GOAWAY and requests that never left; bounds the walk over a dead cluster. */
  readonly maxTransparentRetries: number;
  /** After refusals, which are a sign of overload. */
  readonly maxRefusalRetries: number;
  readonly refusalBackoff: BackoffSettings;
}

export const defaultTransparentLimits: TransparentLimits = {
  maxTransparentRetries: 5,
  maxRefusalRetries: 2,
  refusalBackoff: defaultBackoff,
};

/**
 * Whether an attempt is made again, and after which pause. What no endpoint has seen is sent again at once
 * (gRFC A6, "transparent retries"); a refusal that the policy does not name, a few times after a pause; all
 * else is the policy's.
 *
 * @param policy `undefined` when there is none
 */
export function shouldRetry(
  outcome: AttemptOutcome,
  policy: RetryPolicy | undefined,
  state: RetryState,
  random: Random,
  limits: TransparentLimits = defaultTransparentLimits,
): RetryDecision {
  const named = policy !== undefined && policy.maxRetries > 0 && isRetriable(outcome, policy);
  const unprocessed = isUnprocessed(outcome);
  if (!named && !unprocessed) return skip('not_retriable');
  if (state.obstacle !== undefined) return skip(state.obstacle);

  if (unprocessed && outcome.kind !== 'refused-stream') {
    if (state.transparentRetries < limits.maxTransparentRetries) return go(0, 'transparent', state);
    if (!named) return skip('attempts');
  }
  if (!named) {
    if (state.refusalRetries >= limits.maxRefusalRetries) return skip('attempts');
    const pauseMs = backoffDelayMs(state.refusalRetries + 1, limits.refusalBackoff, random);
    return go(pauseMs, 'refusal', state);
  }

  if (policy.idempotent === false && !unprocessed) return skip('not_idempotent');
  if (state.retries >= policy.maxRetries) return skip('attempts');
  const pushback =
    outcome.kind === 'answered' ? parsePushback(outcome.header(RETRY_PUSHBACK_HEADER)) : 'none';
  if (pushback === 'stop') return skip('pushback');
  if (pushback !== 'none') return go(pushback, 'policy', state, true);
  return go(backoffDelayMs(state.retriesSincePushback + 1, policy.backoff, random), 'policy', state);
}

/** A pause that the call does not outlast is waited for in vain. */
function go(
  afterMs: number,
  countsAs: 'transparent' | 'refusal' | 'policy',
  { nowMs, deadlineMs }: RetryState,
  pushedBack = false,
): RetryDecision {
  if (nowMs + afterMs >= deadlineMs) return skip('deadline');
  return { retry: true, afterMs, countsAs, pushedBack };
}

function skip(reason: RetrySkipReason): RetryDecision {
  return { retry: false, reason };
}

/** The state after a decision to retry. */
export function afterRetry(
  state: RetryState,
  decision: RetryDecision & { readonly retry: true },
): RetryState {
  switch (decision.countsAs) {
    case 'transparent':
      return { ...state, transparentRetries: state.transparentRetries + 1 };
    case 'refusal':
      return { ...state, refusalRetries: state.refusalRetries + 1 };
    case 'policy':
      return {
        ...state,
        retries: state.retries + 1,
        // gRFC A6: after a pushback "the client will ... reset its backoff" to the initial one.
        retriesSincePushback: decision.pushedBack ? 0 : state.retriesSincePushback + 1,
      };
  }
}
