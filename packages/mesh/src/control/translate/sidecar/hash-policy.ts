import type { ConsistentHashObject } from '../../../kube/resources/load-balancer.js';
import type { RouteAction_HashPolicy } from '../../../xds/generated/envoy.config.route.v3.js';
import { durationOf } from './duration.js';

/** What binds a call to an endpoint. */
export function translateHashKey(hash: ConsistentHashObject): RouteAction_HashPolicy | undefined {
  if (hash.httpHeaderName !== undefined) return { header: { headerName: hash.httpHeaderName } };
  if (hash.httpQueryParameterName !== undefined)
    return { queryParameter: { name: hash.httpQueryParameterName } };
  if (hash.httpCookie !== undefined) {
    const { name, path, ttl, attributes } = hash.httpCookie;
    return {
      cookie: { name, path, ttl: ttl === undefined ? undefined : durationOf(ttl), attributes },
    };
  }
  return hash.useSourceIp === true ? { connectionProperties: { sourceIp: true } } : undefined;
}
