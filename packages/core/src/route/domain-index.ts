/**
 * Finds who answers for a name. Envoy's search order (`VirtualHost.domains`): the exact name; `*.example` and
 * `*-a.example`, the longest first; `a.*` and `a-*`, the longest first; `*`. A wildcard stands for at least
 * one character. Case does not count; a port is part of the name.
 */
export class DomainIndex<T> {
  readonly #exact = new Map<string, T>();
  readonly #suffixes = new LongestFirst<T>();
  readonly #prefixes = new LongestFirst<T>();
  #anything: T | undefined;

  /**
   * @returns whether the domain was free; if not, nothing has changed
   * @throws {RangeError} when the text is not a domain of one of the four kinds
   */
  add(domain: string, owner: T): boolean {
    const name = domain.toLowerCase();
    const star = name.indexOf('*');
    if (name === '') throw new RangeError('a domain must not be empty');
    if (star === -1) return putIfFree(this.#exact, name, owner);
    if (name === '*') {
      if (this.#anything !== undefined) return false;
      this.#anything = owner;
      return true;
    }
    if (star === 0 && name.lastIndexOf('*') === 0) return this.#suffixes.add(name.slice(1), owner);
    if (star === name.length - 1) return this.#prefixes.add(name.slice(0, -1), owner);
    throw new RangeError(`domain "${domain}" must have one "*" at most, at its beginning or at its end`);
  }

  find(authority: string): T | undefined {
    // Nearly always in lower case already; `toLowerCase` makes a new string even of such.
    const owner = this.#exact.get(authority);
    if (owner !== undefined) return owner;
    const name = authority.toLowerCase();
    return (
      this.#exact.get(name) ??
      this.#suffixes.find(name, true) ??
      this.#prefixes.find(name, false) ??
      this.#anything
    );
  }
}

/** Parts of names by length: one look-up for each length that occurs, from the longest down. */
class LongestFirst<T> {
  readonly #byLength: { readonly length: number; readonly owners: Map<string, T> }[] = [];

  add(part: string, owner: T): boolean {
    let level = this.#byLength.find(({ length }) => length === part.length);
    if (level === undefined) {
      level = { length: part.length, owners: new Map() };
      this.#byLength.push(level);
      this.#byLength.sort((a, b) => b.length - a.length);
    }
    return putIfFree(level.owners, part, owner);
  }

  find(name: string, atEnd: boolean): T | undefined {
    for (const { length, owners } of this.#byLength) {
      // Envoy: "the wildcard will not match the empty string".
      if (length >= name.length) continue;
      const owner = owners.get(atEnd ? name.slice(-length) : name.slice(0, length));
      if (owner !== undefined) return owner;
    }
    return undefined;
  }
}

function putIfFree<T>(owners: Map<string, T>, name: string, owner: T): boolean {
  if (owners.has(name)) return false;
  owners.set(name, owner);
  return true;
}
