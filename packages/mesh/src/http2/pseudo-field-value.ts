/** What the octets of pseudo-header fields may be; one bit for each field. */
const METHOD = 1;
const SCHEME = 2;
const AUTHORITY = 4;
const PATH = 8;

const ALLOWED = new Uint8Array(256);

function allow(characters: string, fields: number): void {
  for (let at = 0; at < characters.length; at++) ALLOWED[characters.charCodeAt(at)]! |= fields;
}

for (let octet = 0x21; octet <= 0xff; octet++) if (octet !== 0x7f) ALLOWED[octet] = PATH;
allow('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789', METHOD | SCHEME | AUTHORITY);
allow("!#$%&'*+-.^_`|~", METHOD);
allow('+-.', SCHEME);
allow("-._~%!$&'()*+,;=:[]", AUTHORITY);

function consistsOf(value: string, field: number): boolean {
  for (let at = 0; at < value.length; at++) if ((ALLOWED[value.charCodeAt(at)]! & field) === 0) return false;
  return value.length > 0;
}

/** A token (RFC 9110 9.1). */
export function isMethod(value: string): boolean {
  return consistsOf(value, METHOD);
}

/** A scheme's name (RFC 3986 3.1), bar the rule for its first character. */
export function isScheme(value: string): boolean {
  return consistsOf(value, SCHEME);
}

/**
 * Host and port (RFC 3986 3.2.2, 3.2.3). RFC 9113 8.3.1: "':authority' MUST NOT include the deprecated userinfo
 * subcomponent for 'http' or 'https' schemed URIs."
 */
export function isAuthority(value: string): boolean {
  return consistsOf(value, AUTHORITY);
}

/**
 * A path and query without blanks or control characters, which would split a request line if the request
 * went on as HTTP/1.1 (RFC 9113 10.3). Octets above 0x7f are let through, as nghttp2 does.
 */
export function isPath(value: string): boolean {
  return value.charCodeAt(0) === 0x2f && consistsOf(value, PATH);
}
