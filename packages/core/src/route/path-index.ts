import type { Route } from './compile-route.js';
import type { RouteRequest } from './request.js';

/** Paths remembered at a time; gRPC has one for each method. */
const MOST_PATHS = 256;
/** A longer path is looked at afresh each time, so that strangers cannot fill the memory. */
const LONGEST_PATH = 256;

/**
 * The routes of a virtual host that a path leaves in question. What a path rules out it rules out for every
 * request, so the answer is remembered.
 */
export class PathIndex {
  readonly #routes: readonly Route[];
  readonly #byPath = new Map<string, readonly Route[]>();

  constructor(routes: readonly Route[]) {
    this.#routes = routes;
  }

  /** The routes whose first condition, which is about the path, holds; in their order. */
  routesFor(request: RouteRequest): readonly Route[] {
    return this.#byPath.get(request.path) ?? this.#look(request);
  }

  #look(request: RouteRequest): readonly Route[] {
    const { path } = request;
    const found = this.#routes.filter(({ conditions }) => conditions[0]!.holds(request));
    if (path.length > LONGEST_PATH) return found;
    if (this.#byPath.size >= MOST_PATHS) this.#byPath.clear();
    this.#byPath.set(path, found);
    return found;
  }
}
