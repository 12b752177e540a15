import { STATIC_ENTRIES } from './static-entries.js';

/** An ordinary header field. */
export const FIELD_REGULAR = 0;
export const FIELD_METHOD = 1;
export const FIELD_SCHEME = 2;
export const FIELD_AUTHORITY = 3;
export const FIELD_PATH = 4;
export const FIELD_STATUS = 5;
/** A pseudo-header field no RFC that we implement defines; RFC 9113 8.3 makes the message malformed. */
export const FIELD_UNKNOWN_PSEUDO = 6;
/** `connection` and its kin, which RFC 9113 8.2.2 forbids. */
export const FIELD_CONNECTION_SPECIFIC = 7;
/** `te`, of which RFC 9113 8.2.2 allows only the value `trailers`. */
export const FIELD_TE = 8;
export const FIELD_CONTENT_LENGTH = 9;
export const FIELD_HOST = 10;
export const FIELD_COOKIE = 11;
/** Name or value is malformed as RFC 9113 8.2.1 defines it. */
export const FIELD_INVALID = 12;

/** What can be known of a field from its name alone. */
export interface FieldName {
  /** One of the FIELD_ constants. */
  readonly kind: number;
  /** Index of the first static table entry of this name; 0 if there is none. */
  readonly staticIndex: number;
  /** Static table index by value, for names of the static table. */
  readonly staticValues: ReadonlyMap<string, number> | undefined;
  /** The value tends to differ from message to message: indexing it would drive out entries that repeat. */
  readonly volatile: boolean;
}

const KINDS: readonly (readonly [name: string, kind: number])[] = [
  [':method', FIELD_METHOD],
  [':scheme', FIELD_SCHEME],
  [':authority', FIELD_AUTHORITY],
  [':path', FIELD_PATH],
  [':status', FIELD_STATUS],
  ['connection', FIELD_CONNECTION_SPECIFIC],
  ['proxy-connection', FIELD_CONNECTION_SPECIFIC],
  ['keep-alive', FIELD_CONNECTION_SPECIFIC],
  ['transfer-encoding', FIELD_CONNECTION_SPECIFIC],
  ['upgrade', FIELD_CONNECTION_SPECIFIC],
  ['te', FIELD_TE],
  ['content-length', FIELD_CONTENT_LENGTH],
  ['host', FIELD_HOST],
  ['cookie', FIELD_COOKIE],
];

// Not here: `date`, the same for a second, and `grpc-message`, which grpc-js sends as "OK" with each success. Of
// their values encoders index those that repeat, as of any field.
const VOLATILE: readonly string[] = [
  'age',
  'b3',
  'baggage',
  'content-length',
  'content-range',
  'endpoint-load-metrics-bin',
  'etag',
  'expires',
  'grpc-status-details-bin',
  'grpc-tags-bin',
  'grpc-timeout',
  'grpc-trace-bin',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'last-modified',
  'set-cookie',
  'traceparent',
  'tracestate',
  'x-b3-parentspanid',
  'x-b3-spanid',
  'x-b3-traceid',
  'x-envoy-expected-rq-timeout-ms',
  'x-request-id',
];

const REGULAR: FieldName = unlisted(FIELD_REGULAR);
const UNKNOWN_PSEUDO: FieldName = unlisted(FIELD_UNKNOWN_PSEUDO);
const INVALID: FieldName = unlisted(FIELD_INVALID);
const KNOWN: ReadonlyMap<string, FieldName> = listed();

/** Looks up, or for an unlisted name works out, what the name says about a field. */
export function fieldName(name: string): FieldName {
  return KNOWN.get(name) ?? classify(name);
}

/**
 * RFC 9113 8.2.1: "A field name MUST NOT contain characters in the ranges 0x00-0x20, 0x41-0x5a, or 0x7f-0xff"
 * and, "With the exception of pseudo-header fields […] field names MUST NOT include a colon".
 */
function classify(name: string): FieldName {
  const length = name.length;
  if (length === 0) return INVALID;
  const pseudo = name.charCodeAt(0) === 0x3a;
  for (let i = pseudo ? 1 : 0; i < length; i++) {
    const c = name.charCodeAt(i);
    if (c <= 0x20 || c >= 0x7f || (c >= 0x41 && c <= 0x5a) || c === 0x3a) return INVALID;
  }
  return pseudo ? UNKNOWN_PSEUDO : REGULAR;
}

function unlisted(kind: number): FieldName {
  return { kind, staticIndex: 0, staticValues: undefined, volatile: false };
}

function listed(): Map<string, FieldName> {
  const kinds = new Map(KINDS);
  const volatile = new Set(VOLATILE);
  const staticValues = new Map<string, Map<string, number>>();
  const staticIndex = new Map<string, number>();
  STATIC_ENTRIES.forEach(([name, value], i) => {
    if (!staticIndex.has(name)) {
      staticIndex.set(name, i + 1);
      staticValues.set(name, new Map());
    }
    staticValues.get(name)?.set(value, i + 1);
  });
  const known = new Map<string, FieldName>();
  for (const name of [...kinds.keys(), ...volatile, ...staticIndex.keys()]) {
    known.set(name, {
      kind: kinds.get(name) ?? FIELD_REGULAR,
      staticIndex: staticIndex.get(name) ?? 0,
      staticValues: staticValues.get(name),
      volatile: volatile.has(name),
    });
  }
  return known;
}
