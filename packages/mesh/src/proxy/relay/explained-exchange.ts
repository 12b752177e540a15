import type { Explanation } from '@weir/core';
import { isGrpc } from '../../grpc/content-type.js';
import { type HeaderBlock, readRequest } from '../../http2/header-block.js';
import { HeaderField } from '../../http2/hpack/header-field.js';
import type { Http2Stream } from '../../http2/stream.js';
import type { Attempt } from './attempt.js';
import { EXPLAIN_HEADER, explainCall } from './call-explanation.js';
import type { DownstreamConnection } from './downstream-connection.js';
import { Exchange } from './exchange.js';
import type { RelayContext } from './relay-context.js';
import type { RoutedRequest } from './router.js';
import type { StreamOwner } from './stream-owner.js';

/** Whether the caller of a request wants to know why it goes as it does. */
export function wantsExplanation(request: HeaderBlock): boolean {
  return request.get(EXPLAIN_HEADER) === '1' && isGrpc(request);
}

/** A call whose caller gets an explanation of it in the trailers. */
export class ExplainedExchange extends Exchange {
  readonly #explanation: Explanation;
  readonly #cluster: string;
  readonly #attempts: Attempt[] = [];
  readonly #arrivedMs: number;

  constructor(
    context: RelayContext,
    downstream: DownstreamConnection,
    stream: Http2Stream<StreamOwner>,
    request: HeaderBlock,
    routed: RoutedRequest,
    endStream: boolean,
    explanation: Explanation,
  ) {
    // The endpoint is not asked, and its own proxy must not take the question for its caller's.
    const bare = request.fields.filter(({ name }) => name !== EXPLAIN_HEADER);
    super(context, downstream, stream, readRequest(bare)!, routed, endStream);
    this.#explanation = explanation;
    this.#cluster = routed.decision.kind === 'forward' ? routed.decision.cluster : '';
    this.#arrivedMs = context.clock.nowMs();
  }

  override noteAttempt(attempt: Attempt): void {
    super.noteAttempt(attempt);
    if (!this.#attempts.includes(attempt)) this.#attempts.push(attempt);
  }

  protected override lastFields(fields: readonly HeaderField[]): readonly HeaderField[] {
    const call = {
      route: this.#explanation,
      cluster: this.#cluster,
      attempts: this.#attempts,
      arrivedMs: this.#arrivedMs,
    };
    const text = explainCall(call, this.context.options.explainBytes);
    // It is said once, so it has no place in the caller's table of fields.
    return [...fields, new HeaderField(EXPLAIN_HEADER, text, true)];
  }
}
