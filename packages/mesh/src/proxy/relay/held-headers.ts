import type { Clock, Timer } from '@weir/core';
import type { HeaderBlock } from '../../http2/header-block.js';
import type { RelayOptions } from './relay-options.js';

/**
 * The headers of a response that may yet turn out to be a failure worth a retry: gRPC says how a call went in
 * the trailers, and a caller who has the headers has seen too much for another attempt.
 */
export class HeldHeaders {
  readonly block: HeaderBlock;
  readonly #timer: Timer;

  /** @param onOverdue - called when they have been held for too long */
  constructor(block: HeaderBlock, clock: Clock, options: RelayOptions, onOverdue: () => void) {
    this.block = block;
    this.#timer = clock.setTimer(options.heldHeadersTimeoutMs, onOverdue);
  }

  end(): void {
    this.#timer.cancel();
  }
}

/** Whether the headers leave open how the call went, and are no longer than what is held. */
export function isHoldable(block: HeaderBlock, { maxHeldHeaderBytes }: RelayOptions): boolean {
  if (block.status!.value !== '200' || block.get('grpc-status') !== undefined) return false;
  let bytes = 0;
  for (const { size } of block.fields) bytes += size;
  return bytes <= maxHeldHeaderBytes;
}
