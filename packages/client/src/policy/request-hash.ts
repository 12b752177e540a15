import { type Hash64, xxHash64 } from '@weir/core';
import type { PickRequest } from './policy.js';

const MAX_HASH = 2n ** 64n;

/**
 * What a call is bound to: the metadata that the policy names (gRFC A76), else what the xDS route has computed
 * (gRFC A42), else nothing.
 *
 * @param header name of a metadata field; `undefined`: none
 */
export function hashOf(request: PickRequest, header: string | undefined): Hash64 | undefined {
  if (header !== undefined) {
    const value = request.header(header);
    return value === undefined ? undefined : xxHash64(value);
  }
  const { routeHash } = request;
  if (routeHash === undefined || !/^\d{1,20}$/.test(routeHash)) return undefined;
  const hash = BigInt(routeHash) % MAX_HASH;
  return { high: Number(hash >> 32n), low: Number(hash & 0xffff_ffffn) };
}
