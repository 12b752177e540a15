import type { Hash64 } from '../hash/hash64.js';
import { xxHash64 } from '../hash/xxhash64.js';
import type { HashPolicy } from './hash-policy.js';
import { headerReader } from './header-condition.js';
import { queryParameter } from './query-condition.js';
import type { RouteRequest } from './request.js';

/** Who asks, as far as a request can be bound by it. */
export interface Caller {
  /** IP address alone. */
  readonly ip: string;
  /** What tells its connections apart, such as address and port. */
  readonly connection: string;
}

export interface RequestHash {
  /** `undefined` when the request has nothing that it could be bound by. */
  readonly hash: Hash64 | undefined;
  /** A value of `set-cookie` for each cookie that the caller is to be given. */
  readonly setCookies: readonly string[];
}

const NONE: RequestHash = { hash: undefined, setCookies: [] };

/** Binds a request by what its route says (Envoy `HashPolicyImpl::generateHash`). */
export function hashRequest(
  policies: readonly HashPolicy[],
  request: RouteRequest,
  caller: Caller,
): RequestHash {
  if (policies.length === 0) return NONE;
  let hash: Hash64 | undefined;
  const setCookies: string[] = [];
  for (const policy of policies) {
    const key = keyOf(policy, request, caller, setCookies);
    if (key !== undefined) hash = combine(hash, xxHash64(key));
    if (policy.terminal === true && hash !== undefined) break;
  }
  return { hash, setCookies };
}

/** Envoy: "Rotating the old value prevents duplicate hash rules from cancelling each other out". */
function combine(before: Hash64 | undefined, added: Hash64): Hash64 {
  if (before === undefined) return added;
  const { high, low } = before;
  return {
    high: (((high << 1) | (low >>> 31)) ^ added.high) >>> 0,
    low: (((low << 1) | (high >>> 31)) ^ added.low) >>> 0,
  };
}

function keyOf(
  policy: HashPolicy,
  request: RouteRequest,
  caller: Caller,
  setCookies: string[],
): string | undefined {
  switch (policy.kind) {
    case 'header':
      return headerReader(policy.name.toLowerCase())(request);
    case 'source-ip':
      return caller.ip;
    case 'query':
      return queryParameter(request.path, policy.name);
    case 'cookie': {
      const value = cookieValue(request.header('cookie') ?? '', policy.name);
      if (value !== undefined || policy.ttlMs === undefined) return value;
      // The same for all of a connection, so that a caller which keeps no cookies is bound all the same.
      const { high, low } = xxHash64(caller.connection);
      const made = high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
      setCookies.push(formatCookie(policy, policy.ttlMs, made));
      return made;
    }
  }
}

/** Cookies are parted by semicolons, and by the commas that joined several fields; neither is in a value. */
function cookieValue(header: string, name: string): string | undefined {
  for (const part of header.split(/[;,]/)) {
    const equals = part.indexOf('=');
    if (equals === -1 || part.slice(0, equals).trim() !== name) continue;
    const value = part.slice(equals + 1).trim();
    const isQuoted = value.length >= 2 && value.startsWith('"') && value.endsWith('"');
    return isQuoted ? value.slice(1, -1) : value;
  }
  return undefined;
}

function formatCookie(
  { name, path, attributes = [] }: HashPolicy & { readonly kind: 'cookie' },
  ttlMs: number,
  value: string,
): string {
  const parts = [`${name}="${value}"`];
  if (ttlMs > 0) parts.push(`Max-Age=${Math.ceil(ttlMs / 1_000)}`);
  if (path !== undefined && path !== '') parts.push(`Path=${path}`);
  for (const attribute of attributes) {
    parts.push(attribute.value === '' ? attribute.name : `${attribute.name}=${attribute.value}`);
  }
  parts.push('HttpOnly');
  return parts.join('; ');
}
