import type protobuf from 'protobufjs';

/** `validate.rules` of a field: by kind of value, `{ string: { min_len: 1 } }`. */
export type Rules = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

type Check = (value: unknown, limit: unknown, field: protobuf.Field) => string | undefined;

/**
 * Checks a value against its rules; one that is not set breaks only those that require it.
 *
 * @throws Error at a rule that is not known here: it would pass unseen
 */
export function checkValue(rules: Rules, value: unknown, field: protobuf.Field): readonly string[] {
  const errors: string[] = [];
  for (const [kind, ofKind] of Object.entries(rules)) {
    if (ofKind['ignore_empty'] === true && (value === undefined || isEmpty(value))) continue;
    for (const [rule, limit] of Object.entries(ofKind)) {
      const check = CHECKS[`${kind}.${rule}`] ?? CHECKS[rule];
      if (check === undefined)
        throw new Error(`${field.fullName}: the rule ${kind}.${rule} is not known here`);
      if (value === undefined && rule !== 'required') continue;
      const error = check(value, limit, field);
      if (error !== undefined) errors.push(error);
    }
  }
  return errors;
}

function isEmpty(value: unknown): boolean {
  return value === '' || value === 0 || (Array.isArray(value) && value.length === 0);
}

const seconds = (value: unknown): number => {
  const { seconds: whole = 0, nanos = 0 } = (value ?? {}) as { seconds?: number | object; nanos?: number };
  return Number(whole.toString()) + nanos / 1e9;
};
/** Numbers, their wrappers, and 64-bit ones. */
const number = (value: unknown): number => {
  const plain = typeof value === 'object' && value !== null && 'value' in value ? value.value : value;
  return Number(String(plain ?? 0));
};
const text = (value: unknown): string => {
  const plain = typeof value === 'object' && value !== null && 'value' in value ? value.value : value;
  return String(plain ?? '');
};
const list = (value: unknown): readonly unknown[] => value as readonly unknown[];
const unless = (isRight: boolean, error: string): string | undefined => (isRight ? undefined : error);

/** RFC 9110 token, and pseudo-headers. */
const HEADER_NAME = /^:?[0-9a-zA-Z!#$%&'*+\-.^_|~`]+$/;
// eslint-disable-next-line no-control-regex
const HEADER_VALUE = /^[^\u0000-\u0008\u000A-\u001F\u007F]*$/;

const CHECKS: Readonly<Record<string, Check>> = {
  required: (value, limit) => unless(limit !== true || value !== undefined, 'is required'),
  ignore_empty: () => undefined,
  'string.min_len': (value, limit) => unless([...text(value)].length >= Number(limit), 'is too short'),
  'string.min_bytes': (value, limit) =>
    unless(Buffer.byteLength(text(value)) >= Number(limit), 'is too short'),
  'string.max_len': (value, limit) => unless([...text(value)].length <= Number(limit), 'is too long'),
  'string.max_bytes': (value, limit) =>
    unless(Buffer.byteLength(text(value)) <= Number(limit), 'is too long'),
  'string.in': (value, limit) => unless(list(limit).includes(text(value)), `must be one of ${String(limit)}`),
  'string.pattern': (value, limit) =>
    unless(new RegExp(String(limit), 'u').test(text(value)), `must match ${String(limit)}`),
  'string.prefix': (value, limit) =>
    unless(text(value).startsWith(String(limit)), `must begin with ${String(limit)}`),
  // Read together with `well_known_regex`; none is used without it.
  'string.strict': () => undefined,
  'string.well_known_regex': (value, limit) => {
    const pattern = limit === 'HTTP_HEADER_NAME' ? HEADER_NAME : HEADER_VALUE;
    return unless(text(value) === '' || pattern.test(text(value)), `is no ${String(limit)}`);
  },
  'bytes.min_len': (value, limit) => unless((value as Uint8Array).length >= Number(limit), 'is too short'),
  'bytes.max_len': (value, limit) => unless((value as Uint8Array).length <= Number(limit), 'is too long'),
  'duration.gt': (value, limit) =>
    unless(seconds(value) > seconds(limit), `must be above ${seconds(limit)} s`),
  'duration.gte': (value, limit) =>
    unless(seconds(value) >= seconds(limit), `must be at least ${seconds(limit)} s`),
  'duration.lt': (value, limit) =>
    unless(seconds(value) < seconds(limit), `must be below ${seconds(limit)} s`),
  'duration.lte': (value, limit) =>
    unless(seconds(value) <= seconds(limit), `must be at most ${seconds(limit)} s`),
  gt: (value, limit) => unless(number(value) > Number(limit), `must be above ${String(limit)}`),
  gte: (value, limit) => unless(number(value) >= Number(limit), `must be at least ${String(limit)}`),
  lt: (value, limit) => unless(number(value) < Number(limit), `must be below ${String(limit)}`),
  lte: (value, limit) => unless(number(value) <= Number(limit), `must be at most ${String(limit)}`),
  'enum.defined_only': (value, limit, field) => {
    const { valuesById } = field.resolvedType as protobuf.Enum;
    return unless(limit !== true || valuesById[Number(value)] !== undefined, 'is no value of its enum');
  },
  'enum.not_in': (value, limit) =>
    unless(![limit].flat().map(Number).includes(Number(value)), `must not be ${String(value)}`),
  'enum.in': (value, limit) =>
    unless([limit].flat().map(Number).includes(Number(value)), `must not be ${String(value)}`),
  'repeated.min_items': (value, limit) =>
    unless(list(value).length >= Number(limit), `needs ${String(limit)} items`),
  'repeated.max_items': (value, limit) =>
    unless(list(value).length <= Number(limit), `has above ${String(limit)} items`),
  'repeated.unique': (value) => unless(new Set(list(value)).size === list(value).length, 'has an item twice'),
  'repeated.items': (value, limit, field) =>
    first(list(value).flatMap((item) => checkValue(limit as Rules, item, field))),
  'map.min_pairs': (value, limit) =>
    unless(Object.keys(value as object).length >= Number(limit), 'has too few entries'),
  'map.keys': (value, limit, field) =>
    first(Object.keys(value as object).flatMap((key) => checkValue(limit as Rules, key, field))),
  'map.values': (value, limit, field) =>
    first(Object.values(value as object).flatMap((item) => checkValue(limit as Rules, item, field))),
};

function first(errors: readonly string[]): string | undefined {
  return errors[0];
}
