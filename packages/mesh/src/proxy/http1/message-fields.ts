import type { IncomingMessage } from 'node:http';
import { HeaderField } from '../../http2/hpack/header-field.js';

/** RFC 9110 7.6.1: what is about one connection, and is not passed on. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/** How long a body is, is the business of whoever sends it, and not of rules. */
const FRAMING: ReadonlySet<string> = new Set(['content-length', 'trailer']);

/** Headers as `node:http` has them: names and values by turns, the names as they were written. */
export type RawHeaders = readonly string[];

/** What a `Connection` header says, in lower case. */
export function connectionOptions({ headers }: IncomingMessage): ReadonlySet<string> {
  const options = (headers.connection ?? '').toLowerCase().split(',');
  return new Set(options.map((option) => option.trim()).filter((option) => option !== ''));
}

/** The fields of a message that go on beyond its connection, their names in lower case. */
export function endToEndFields(message: IncomingMessage): HeaderField[] {
  const { rawHeaders } = message;
  const options = connectionOptions(message);
  const fields: HeaderField[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!.toLowerCase();
    if (HOP_BY_HOP.has(name) || name === 'host' || (options.has(name) && !FRAMING.has(name))) continue;
    fields.push(new HeaderField(name, rawHeaders[at + 1]!));
  }
  return fields;
}

/**
 * The fields as they are written to the next connection, with the names spelt as they came. Pseudo-header fields are
 * left out, and so is what says how long the body is.
 *
 * @param came - the headers of the message that the fields were read from
 */
export function spellOut(fields: readonly HeaderField[], came: RawHeaders): string[] {
  const spelling = new Map<string, string>();
  for (let at = 0; at < came.length; at += 2) spelling.set(came[at]!.toLowerCase(), came[at]!);
  const raw: string[] = [];
  for (const { name, value } of fields) {
    if (name.startsWith(':') || name === 'host' || HOP_BY_HOP.has(name) || FRAMING.has(name)) continue;
    raw.push(spelling.get(name) ?? name, value);
  }
  return raw;
}

/** Trailers in the form that `addTrailers` takes. */
export function trailerPairs(rawTrailers: RawHeaders): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at < rawTrailers.length; at += 2) pairs.push([rawTrailers[at]!, rawTrailers[at + 1]!]);
  return pairs;
}

/** Whether a request says that something follows its headers (RFC 9112 6.3). */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
