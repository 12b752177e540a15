import { InvalidArgumentError } from 'commander';
import { DEFAULT_CONNECTION_OPTIONS, type ConnectionOptions } from '../http2/options.js';
import { DEFAULT_RELAY_OPTIONS, type RelayOptions } from '../proxy/relay/relay-options.js';

/** Limits given on the command line, over the defaults. */
export interface Limits {
  readonly http2: Partial<ConnectionOptions>;
  readonly relay: Partial<RelayOptions>;
}

export const NO_LIMITS: Limits = { http2: {}, relay: {} };

/** RFC 9113 6.5.2 and 6.9.2: smaller values cannot be announced, or would break a peer that does not know them yet. */
const SMALLEST: Readonly<Record<string, number>> = {
  streamWindowBytes: 65_535,
  connectionWindowBytes: 65_535,
  maxFrameBytes: 16_384,
  // 0 means never.
  streamIdleTimeoutMs: 0,
  windowStallTimeoutMs: 0,
  // 0 means none.
  explainBytes: 0,
};
const LARGEST: Readonly<Record<string, number>> = { maxFrameBytes: 16_777_215 };
const LARGEST_WINDOW = 2 ** 31 - 1;

/**
 * Reads one `NAME=VALUE` and adds it to those before; the names are the fields of `ConnectionOptions` and
 * `RelayOptions`.
 *
 * @throws InvalidArgumentError that lists the names, or says the range of the value
 */
export function collectLimit(text: string, before: Limits): Limits {
  const equals = text.indexOf('=');
  const name = text.slice(0, Math.max(equals, 0));
  const value = Number(text.slice(equals + 1));
  const inHttp2 = Object.hasOwn(DEFAULT_CONNECTION_OPTIONS, name);
  if (!inHttp2 && !Object.hasOwn(DEFAULT_RELAY_OPTIONS, name)) {
    throw new InvalidArgumentError(
      `'${text}' is not NAME=VALUE with one of the names ${limitNames().join(', ')}.`,
    );
  }
  const smallest = SMALLEST[name] ?? 1;
  const largest = LARGEST[name] ?? LARGEST_WINDOW;
  if (!Number.isInteger(value) || value < smallest || value > largest) {
    throw new InvalidArgumentError(`${name} is a whole number from ${smallest} to ${largest}.`);
  }
  return inHttp2
    ? { http2: { ...before.http2, [name]: value }, relay: before.relay }
    : { http2: before.http2, relay: { ...before.relay, [name]: value } };
}

/** Every limit by name, with its default. */
export function limitNames(): readonly string[] {
  return [...Object.keys(DEFAULT_CONNECTION_OPTIONS), ...Object.keys(DEFAULT_RELAY_OPTIONS)];
}
