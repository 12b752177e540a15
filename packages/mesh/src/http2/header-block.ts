import {
  FIELD_AUTHORITY,
  FIELD_CONNECTION_SPECIFIC,
  FIELD_CONTENT_LENGTH,
  FIELD_HOST,
  FIELD_INVALID,
  FIELD_METHOD,
  FIELD_PATH,
  FIELD_REGULAR,
  FIELD_SCHEME,
  FIELD_STATUS,
  FIELD_TE,
  FIELD_UNKNOWN_PSEUDO,
  type HeaderField,
} from './hpack/header-field.js';
import { isAuthority, isMethod, isPath, isScheme } from './pseudo-field-value.js';

/** One decoded header block: a request, a response or trailers. */
export class HeaderBlock {
  /** The fields in the order they came, pseudo-header fields first. */
  readonly fields: readonly HeaderField[];
  method: HeaderField | undefined = undefined;
  scheme: HeaderField | undefined = undefined;
  /** `:authority`, or a request's `host` field in its place. */
  authority: HeaderField | undefined = undefined;
  path: HeaderField | undefined = undefined;
  status: HeaderField | undefined = undefined;
  host: HeaderField | undefined = undefined;
  /** Value of content-length, -1 when absent. */
  contentLength = -1;

  constructor(fields: readonly HeaderField[]) {
    this.fields = fields;
  }

  /** The first field of that (lower-case) name, as text. */
  get(name: string): string | undefined {
    for (const field of this.fields) if (field.name === name) return field.value;
    return undefined;
  }

  /** True for 1xx, which announce that the final response is still to come (RFC 9110 15.2). */
  get informational(): boolean {
    return this.status !== undefined && this.status.value.charCodeAt(0) === 0x31;
  }
}

/**
 * Finds the special fields of a block; false when it breaks the rules that hold for every block:
 * "Endpoints MUST treat a request or response that contains undefined or invalid pseudo-header fields as
 * malformed" (RFC 9113 8.3), "any message containing connection-specific header fields MUST be treated as
 * malformed" (8.2.2), invalid names and values (8.2.1).
 */
function readFields(block: HeaderBlock): boolean {
  const fields = block.fields;
  let regularSeen = false;
  for (let at = 0; at < fields.length; at++) {
    const field = fields[at]!;
    switch (field.kind) {
      case FIELD_METHOD:
        if (regularSeen || block.method !== undefined) return false;
        block.method = field;
        break;
      case FIELD_SCHEME:
        if (regularSeen || block.scheme !== undefined) return false;
        block.scheme = field;
        break;
      case FIELD_AUTHORITY:
        if (regularSeen || block.authority !== undefined) return false;
        block.authority = field;
        break;
      case FIELD_PATH:
        if (regularSeen || block.path !== undefined) return false;
        block.path = field;
        break;
      case FIELD_STATUS:
        if (regularSeen || block.status !== undefined) return false;
        block.status = field;
        break;
      case FIELD_TE:
        // 8.2.2: the TE header field "MUST NOT contain any value other than 'trailers'".
        if (field.value !== 'trailers') return false;
        regularSeen = true;
        break;
      case FIELD_CONTENT_LENGTH:
        if (!readContentLength(block, field.value)) return false;
        regularSeen = true;
        break;
      case FIELD_HOST:
        if (block.host !== undefined && block.host.value !== field.value) return false;
        block.host = field;
        regularSeen = true;
        break;
      case FIELD_CONNECTION_SPECIFIC:
      case FIELD_INVALID:
      case FIELD_UNKNOWN_PSEUDO:
        return false;
      default:
        regularSeen = true;
    }
  }
  return true;
}

function readContentLength(block: HeaderBlock, value: string): boolean {
  if (value.length === 0 || value.length > 15) return false;
  let length = 0;
  for (let at = 0; at < value.length; at++) {
    const digit = value.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return false;
    length = length * 10 + digit;
  }
  if (block.contentLength !== -1 && block.contentLength !== length) return false;
  block.contentLength = length;
  return true;
}

/** Reads a request's header block; undefined when it is malformed (RFC 9113 8.1.1, 8.3.1, 8.5). */
export function readRequest(fields: readonly HeaderField[]): HeaderBlock | undefined {
  const block = new HeaderBlock(fields);
  if (!readFields(block) || block.status !== undefined) return undefined;
  const { method, scheme, path, host } = block;
  if (method === undefined || !isKnownOr(isMethod, method)) return undefined;
  // 8.3.1: "A server SHOULD treat a request as malformed if it contains a Host header field that identifies an
  // entity that differs from the entity in the ':authority' pseudo-header field."
  if (host !== undefined && block.authority !== undefined && !isSameHost(host, block.authority))
    return undefined;
  const authority = (block.authority ??= host);
  if (authority !== undefined && !isAuthority(authority.value)) return undefined;
  if (method.value === 'CONNECT') {
    // 8.5: "The ':scheme' and ':path' pseudo-header fields MUST be omitted."
    return authority !== undefined && scheme === undefined && path === undefined ? block : undefined;
  }
  // 8.3.1: "All HTTP/2 requests MUST include exactly one valid value for the ':method', ':scheme', and ':path'
  // pseudo-header fields, unless they are CONNECT requests".
  if (scheme === undefined || !isKnownOr(isScheme, scheme) || path === undefined) return undefined;
  // 8.3.1: "If the ':scheme' pseudo-header field identifies a scheme that has a mandatory authority component
  // (including 'http' and 'https'), the request MUST contain either an ':authority' pseudo-header field or a
  // 'Host' header field."
  if (authority === undefined && (scheme.value === 'http' || scheme.value === 'https')) return undefined;
  return isPath(path.value) || (path.value === '*' && method.value === 'OPTIONS') ? block : undefined;
}

/** The value is one of HPACK's static table, all of which are valid, or passes the check. */
function isKnownOr(check: (value: string) => boolean, field: HeaderField): boolean {
  return field.staticIndex !== 0 || check(field.value);
}

/** RFC 3986 6.2.2.1: "the scheme and host are case-insensitive". */
function isSameHost(one: HeaderField, other: HeaderField): boolean {
  return one.value === other.value || one.value.toLowerCase() === other.value.toLowerCase();
}

/** Reads a response's header block; undefined when it is malformed (RFC 9113 8.3.2). */
export function readResponse(fields: readonly HeaderField[]): HeaderBlock | undefined {
  const block = new HeaderBlock(fields);
  if (!readFields(block) || block.status === undefined) return undefined;
  if (block.method !== undefined || block.scheme !== undefined || block.path !== undefined) return undefined;
  if (block.authority !== undefined) return undefined;
  const status = block.status.value;
  if (status.length !== 3) return undefined;
  for (let at = 0; at < 3; at++) {
    const digit = status.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
  }
  // 8.6: "HTTP/2 does not support the 101 (Switching Protocols) informational status code".
  return status.charCodeAt(0) === 0x30 || status === '101' ? undefined : block;
}

/** Reads trailers; undefined when malformed. 8.1: "Trailers MUST NOT include pseudo-header fields". */
export function readTrailers(fields: readonly HeaderField[]): HeaderBlock | undefined {
  const block = new HeaderBlock(fields);
  if (!readFields(block)) return undefined;
  const pseudo = block.method ?? block.scheme ?? block.authority ?? block.path ?? block.status;
  return pseudo === undefined ? block : undefined;
}

/** The block begins as only a request's can. */
export function opensRequest(fields: readonly HeaderField[]): boolean {
  const kind = fields[0]?.kind;
  return kind === FIELD_METHOD || kind === FIELD_SCHEME || kind === FIELD_AUTHORITY || kind === FIELD_PATH;
}

/** The request's method is HEAD. Looks as far as the pseudo-header fields go. */
export function asksForHead(fields: readonly HeaderField[]): boolean {
  for (let at = 0; at < fields.length; at++) {
    const { kind, value } = fields[at]!;
    if (kind === FIELD_METHOD) return value === 'HEAD';
    if (kind === FIELD_REGULAR) return false;
  }
  return false;
}
