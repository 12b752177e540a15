/** The addresses of Services: `10.96.0.0/16` unless told otherwise. */
export class ClusterIps {
  readonly #prefix: string;
  readonly #used = new Set<string>();
  #next = 1;

  /** @param prefix the first two bytes: `10.96` */
  constructor(prefix = '10.96') {
    this.#prefix = prefix;
  }

  allocate(): string {
    for (;;) {
      const address = `${this.#prefix}.${this.#next >> 8}.${this.#next & 255}`;
      this.#next += 1;
      if (!this.#used.has(address)) return address;
    }
  }

  reserve(address: string): void {
    this.#used.add(address);
  }

  release(address: string): void {
    this.#used.delete(address);
  }
}
