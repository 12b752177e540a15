import { REFUSED_STREAM } from '../../http2/error-code.js';
import { type AttemptFailure, describeFailure, isUnprocessed } from '../relay/attempt-failure.js';
import type { Attempt } from '../relay/attempt.js';
import { Exchange } from '../relay/exchange.js';

/**
 * A request on its way to the application. Nothing is tried twice: a request that the application has not seen
 * is handed back with REFUSED_STREAM, which says just that (RFC 9113 8.7), so that whoever sent it can send it
 * elsewhere, as if it had found the application's port closed itself.
 */
export class InboundExchange extends Exchange {
  override onAttemptFailed(attempt: Attempt, failure: AttemptFailure): void {
    if (!isUnprocessed(failure) || this.attempt !== attempt) return super.onAttemptFailed(attempt, failure);
    this.context.logger.debug('a request has not reached the application', {
      reason: describeFailure(failure),
    });
    this.abandonAttempt();
    this.resetDownstream(REFUSED_STREAM);
  }
}
