import type { RouteRequest } from '@weir/core';
import type { HeaderBlock } from '../../http2/header-block.js';

/** A request's header block as rules look at it. */
export class RequestView implements RouteRequest {
  readonly authority: string;
  readonly path: string;
  readonly method: string;
  readonly scheme: string | undefined;
  readonly #block: HeaderBlock;

  /** @param authority - default: the request's own */
  constructor(block: HeaderBlock, authority: string = block.authority?.value ?? '') {
    this.authority = authority;
    this.path = block.path!.value;
    this.method = block.method!.value;
    this.scheme = block.scheme?.value;
    this.#block = block;
  }

  header(name: string): string | undefined {
    let joined: string | undefined;
    for (const field of this.#block.fields) {
      if (field.name === name) joined = joined === undefined ? field.value : `${joined},${field.value}`;
    }
    return joined;
  }
}
