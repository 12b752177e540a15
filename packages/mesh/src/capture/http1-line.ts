import { METHODS } from 'node:http';

/** From so many octets on a request line is taken for one unseen: whoever reads it refuses what is too long. */
const LONG_LINE = 8192;
const LF = 0x0a;

/**
 * Methods that are routed. CONNECT is left out, which asks for a tunnel and not for a resource, as is the `PRI` of
 * HTTP/2's preface.
 */
const ROUTED = METHODS.filter((method) => method !== 'CONNECT').map((method) => `${method} `);
const LONGEST_METHOD = Math.max(...ROUTED.map(({ length }) => length));

const LINE = /^[A-Z-]+ (?:\/[^ ]*|\*) HTTP\/1\.[01]\r?$/;

/**
 * Whether a connection begins with the request line of HTTP/1.0 or 1.1 (RFC 9112 3) for a resource of its own
 * server. One in absolute-form is meant for a forward proxy, and is none.
 *
 * @returns `undefined` as long as more bytes may make it one
 */
export function beginsHttp1(bytes: Buffer): boolean | undefined {
  const begin = bytes.toString('latin1', 0, LONGEST_METHOD + 1);
  const method = ROUTED.find((each) => begin.startsWith(each));
  if (method === undefined) return ROUTED.some((each) => each.startsWith(begin)) ? undefined : false;
  const target = begin.charAt(method.length);
  if (target !== '' && target !== '/' && target !== '*') return false;
  const end = bytes.indexOf(LF);
  if (end === -1) return bytes.length < LONG_LINE ? undefined : true;
  return LINE.test(bytes.toString('latin1', 0, end));
}
