import { type Hash64, xxHash64 } from '@weir/core';
import { readFields } from './config-fields.js';

export interface SubsetConfig {
  /** How many endpoints a client uses. */
  readonly size: number;
  /** What tells clients apart. */
  readonly clientId: string;
  /** As in service config: the first that is known balances among them. */
  readonly childPolicy: readonly object[];
}

/**
 * Reads the JSON of `weir_subset`.
 *
 * @param clientId what tells this client from others unless the JSON says so: in a pod its name
 * @throws {TypeError} naming the field at fault
 */
export function parseSubset(json: object, clientId: string): SubsetConfig {
  const fields = readFields('weir_subset', json, { size: 'number', clientId: 'text', childPolicy: 'list' });
  const { size, childPolicy = [{ weir_p2c_ewma: {} }] } = fields as Partial<SubsetConfig>;
  if (size === undefined || !Number.isInteger(size) || size < 1) {
    throw new TypeError(`weir_subset: size must be a whole number of at least 1, not ${size}`);
  }
  return { size, clientId: (fields['clientId'] as string | undefined) ?? clientId, childPolicy };
}

/**
 * The endpoints that a client uses, by rendezvous: those whose hash with the client's name is lowest (gRFC A68,
 * with the client's name instead of a random seed, so that a restart finds the same). One that comes or goes
 * changes at most one of them.
 */
export function chooseSubset<T>(
  endpoints: readonly T[],
  addressOf: (endpoint: T) => string,
  { size, clientId }: SubsetConfig,
): readonly T[] {
  if (endpoints.length <= size) return endpoints;
  return endpoints
    .map((endpoint) => ({ endpoint, hash: xxHash64(`${clientId} ${addressOf(endpoint)}`) }))
    .sort((a, b) => compareHashes(a.hash, b.hash))
    .slice(0, size)
    .map(({ endpoint }) => endpoint);
}

function compareHashes(a: Hash64, b: Hash64): number {
  return a.high - b.high || a.low - b.low;
}
