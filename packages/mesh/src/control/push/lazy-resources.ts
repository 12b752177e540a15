import type { Resource } from '../../xds/resource.js';

/**
 * Resources that are made when they are asked for. Walking through them makes all that a wildcard subscription brings.
 */
export class LazyResources implements ReadonlyMap<string, Resource> {
  readonly #make: (name: string) => Resource | undefined;
  readonly #names: () => Iterable<string>;
  readonly #made = new Map<string, Resource>();
  #all: ReadonlyMap<string, Resource> | undefined;

  /**
   * @param make the resource of a name, or undefined
   * @param names of all resources under a wildcard; there may be more that can be asked for
   */
  constructor(make: (name: string) => Resource | undefined, names: () => Iterable<string>) {
    this.#make = make;
    this.#names = names;
  }

  get(name: string): Resource | undefined {
    const known = this.#made.get(name);
    if (known !== undefined) return known;
    const made = this.#make(name);
    // What is not there is not remembered: clients may ask for any number of names.
    if (made !== undefined) this.#made.set(name, made);
    return made;
  }

  /** What was asked for so far. */
  get made(): ReadonlyMap<string, Resource> {
    return this.#made;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  get size(): number {
    return this.#whole().size;
  }

  keys(): MapIterator<string> {
    return this.#whole().keys();
  }

  values(): MapIterator<Resource> {
    return this.#whole().values();
  }

  entries(): MapIterator<[string, Resource]> {
    return this.#whole().entries();
  }

  [Symbol.iterator](): MapIterator<[string, Resource]> {
    return this.entries();
  }

  forEach(each: (resource: Resource, name: string, map: ReadonlyMap<string, Resource>) => void): void {
    for (const [name, resource] of this) each(resource, name, this);
  }

  #whole(): ReadonlyMap<string, Resource> {
    if (this.#all !== undefined) return this.#all;
    const all = new Map<string, Resource>();
    for (const name of this.#names()) {
      const resource = this.get(name);
      if (resource !== undefined) all.set(name, resource);
    }
    this.#all = all;
    return all;
  }
}
