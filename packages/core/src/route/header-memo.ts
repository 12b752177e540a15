import type { RouteRequest } from './request.js';

/**
 * A request whose headers are looked up once each, however many routes ask for them: looking up a header
 * means going through all of them. One memo serves all requests of a virtual host, one after the other.
 */
export class HeaderMemo implements RouteRequest {
  authority = '';
  path = '';
  method = '';
  scheme: string | undefined = undefined;
  readonly #names: readonly string[];
  readonly #values: (string | undefined)[];
  readonly #known: boolean[];
  #request: RouteRequest | undefined = undefined;

  /** @param names every header that is going to be asked for, in lower case */
  constructor(names: readonly string[]) {
    this.#names = names;
    this.#values = names.map(() => undefined);
    this.#known = names.map(() => false);
  }

  /** Stands for another request from now on. */
  take(request: RouteRequest): this {
    this.authority = request.authority;
    this.path = request.path;
    this.method = request.method;
    this.scheme = request.scheme;
    this.#request = request;
    for (let index = 0; index < this.#known.length; index++) this.#known[index] = false;
    return this;
  }

  header(name: string): string | undefined {
    const names = this.#names;
    let index = 0;
    // A loop, as there are few of them and `indexOf` is a call out of optimised code.
    while (index < names.length && names[index] !== name) index += 1;
    if (index === names.length) return this.#request?.header(name);
    if (this.#known[index] === false) {
      this.#values[index] = this.#request?.header(name);
      this.#known[index] = true;
    }
    return this.#values[index];
  }

  /** Stands for nobody, so that nothing of the request is kept alive. */
  release(): void {
    this.#request = undefined;
    this.#values.fill(undefined);
  }
}
