/** Whether a host, or a wildcard such as `*.example.com` or `*`, stands for `host`. */
export function hostMatches(pattern: string, host: string): boolean {
  if (!pattern.startsWith('*')) return pattern === host;
  return host.length >= pattern.length && host.endsWith(pattern.slice(1));
}

/** Things written for hosts, of which some are wildcards. */
export class HostMap<T> {
  readonly #exact = new Map<string, T[]>();
  readonly #wildcards = new Map<string, T[]>();

  add(host: string, item: T): void {
    const map = host.startsWith('*') ? this.#wildcards : this.#exact;
    const known = map.get(host);
    if (known === undefined) map.set(host, [item]);
    else known.push(item);
  }

  /** What is written for `host`, in groups by the pattern that stands for it: the host itself, then the longest wildcard first. */
  groupsFor(host: string): readonly (readonly T[])[] {
    const exact = this.#exact.get(host);
    const groups = exact === undefined ? [] : [exact];
    if (this.#wildcards.size === 0) return groups;
    const patterns = [...this.#wildcards.keys()].filter((pattern) => hostMatches(pattern, host));
    patterns.sort((a, b) => b.length - a.length);
    return [...groups, ...patterns.map((pattern) => this.#wildcards.get(pattern) ?? [])];
  }
}
