import { Duplex } from 'node:stream';

/** Stands in for a caller's socket: what the caller sends is pushed in, what it gets is collected. */
export class FakeSocket extends Duplex {
  #received = '';
  /** The proxy has closed its half. */
  closedByUs = false;

  constructor() {
    super({ allowHalfOpen: true });
    this.pause();
  }

  get received(): string {
    return this.#received;
  }

  send(bytes: string | Buffer): void {
    this.push(Buffer.from(bytes));
  }

  sendEnd(): void {
    this.push(null);
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#received += chunk.toString('latin1');
    done();
  }

  override _final(done: () => void): void {
    this.closedByUs = true;
    done();
  }
}

/** Lets streams deliver what was pushed into them. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
