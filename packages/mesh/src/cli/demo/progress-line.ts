/** A stream that may be a terminal. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const CLEAR_LINE = '\r\x1b[2K';

/**
 * One line on a terminal that says what happens now and is gone in the end; nothing at all on anything else.
 */
export class ProgressLine {
  readonly #stream: ProgressStream;
  #shown = false;

  constructor(stream: ProgressStream) {
    this.#stream = stream;
  }

  show(what: string): void {
    if (this.#stream.isTTY !== true) return;
    this.#shown = true;
    this.#stream.write(`${CLEAR_LINE}${what} …`);
  }

  clear(): void {
    if (this.#shown) this.#stream.write(CLEAR_LINE);
    this.#shown = false;
  }
}
