/** What a field of a policy's JSON may be. */
export type FieldKind = 'number' | 'boolean' | 'text' | 'list' | 'object' | readonly string[];

/**
 * Reads the JSON of a policy by a table of its fields. A field that the table does not have is passed over with
 * a warning, since a control plane may be newer than the library; one of the wrong type is refused.
 *
 * @throws {TypeError} naming policy and field
 */
export function readFields(
  policy: string,
  json: unknown,
  kinds: Readonly<Record<string, FieldKind>>,
): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new TypeError(`${policy}: the configuration must be an object, not ${describeValue(json)}`);
  }
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(json)) {
    if (value === undefined || value === null) continue;
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined) {
      process.emitWarning(`${policy} has no field ${name}; it has ${Object.keys(kinds).join(', ')}`, {
        type: 'WeirWarning',
        code: 'WEIR_UNKNOWN_FIELD',
      });
      continue;
    }
    if (!isOfKind(value, kind)) {
      throw new TypeError(`${policy}: ${name} must be ${describeKind(kind)}, not ${describeValue(value)}`);
    }
    fields[name] = value;
  }
  return fields;
}

function isOfKind(value: unknown, kind: FieldKind): boolean {
  if (typeof kind === 'object') return kind.includes(String(value));
  if (kind === 'text') return typeof value === 'string';
  if (kind === 'list') return Array.isArray(value);
  return typeof value === kind && !Array.isArray(value);
}

function describeKind(kind: FieldKind): string {
  if (typeof kind === 'object') return `one of ${kind.join(', ')}`;
  return kind === 'object' ? 'an object' : `a ${kind}`;
}

function describeValue(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
