/** "Length-Prefixed-Message" of gRPC over HTTP/2: one octet compressed flag, four octets length, the message. */
const PREFIX_BYTES = 5;

/** Puts the prefix in front of an uncompressed message. */
export function frameMessage(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, PREFIX_BYTES);
  return framed;
}

/** Cuts a stream of bytes into messages. */
export class MessageReader {
  readonly #maxMessageBytes: number;
  readonly #prefix = Buffer.alloc(PREFIX_BYTES);
  #prefixBytes = 0;
  #message: Buffer | undefined = undefined;
  #messageBytes = 0;

  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  /**
   * Takes `chunk[start, end)`; returns copies of the messages that are complete with it.
   *
   * @throws Error when a message is compressed, which was not offered, or longer than allowed
   */
  push(chunk: Buffer, start: number, end: number): Buffer[] {
    const messages: Buffer[] = [];
    let at = start;
    while (at < end) {
      if (this.#message === undefined) {
        this.#prefix[this.#prefixBytes++] = chunk[at++]!;
        if (this.#prefixBytes === PREFIX_BYTES) this.#begin();
      } else {
        const taken = chunk.copy(this.#message, this.#messageBytes, at, end);
        this.#messageBytes += taken;
        at += taken;
      }
      const message = this.#message;
      if (message === undefined || this.#messageBytes < message.length) continue;
      messages.push(message);
      this.#message = undefined;
      this.#prefixBytes = 0;
    }
    return messages;
  }

  #begin(): void {
    const length = this.#prefix.readUInt32BE(1);
    if (this.#prefix[0] !== 0) throw new Error('a compressed message came although no encoding was offered');
    if (length > this.#maxMessageBytes)
      throw new Error(`a message of ${length} bytes is longer than the limit of ${this.#maxMessageBytes}`);
    this.#message = Buffer.allocUnsafe(length);
    this.#messageBytes = 0;
  }
}
