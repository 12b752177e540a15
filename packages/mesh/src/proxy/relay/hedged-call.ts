import type { Deadline } from '@weir/core';
import type { HeaderBlock } from '../../http2/header-block.js';
import type { UpstreamHost } from '../config/upstream-host.js';
import type { AttemptFailure } from './attempt-failure.js';
import type { AttemptTerms } from './attempt-terms.js';
import type { Attempt } from './attempt.js';

/** The call that several attempts are made for at a time. */
export interface HedgedCall {
  /** All of the request has come. */
  readonly requestEnded: boolean;
  /** An attempt begins at this host. */
  noteAttempt(attempt: Attempt): void;
  /** Sends what there is of the request on the connection that took the attempt. */
  sendHedge(attempt: Attempt, attemptsBefore: number, terms: AttemptTerms): void;
  /** Sends an attempt what it has not got yet of the request; returns how much of the body it has then. */
  pumpHedge(attempt: Attempt, sentBytes: number): number;
  /**
   * The attempt is the call's only one from now on.
   *
   * @param held - headers of its response that were held back
   */
  adoptHedge(attempt: Attempt, sentBytes: number, held: HeaderBlock | undefined): void;

  // Endings without a good answer.
  answerWith(attempt: Attempt, headers: HeaderBlock, trailers: HeaderBlock | undefined): void;
  failOf(failure: AttemptFailure, host: UpstreamHost): void;
  failExpired(deadline: Deadline): void;
}
