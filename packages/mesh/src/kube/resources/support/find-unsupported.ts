import type { FieldPath, Severity } from '../../problem.js';
import type { KubeObject } from '../kinds.js';
import { DESTINATION_RULE_FIELDS, placesOf } from './destination-rule-fields.js';
import type { FieldSupport, SupportedKind } from './field-support.js';
import { GRPC_POLICY_FIELDS } from './grpc-policy-fields.js';
import { SERVICE_ENTRY_FIELDS } from './service-entry-fields.js';
import { VIRTUAL_SERVICE_FIELDS } from './virtual-service-fields.js';

/** The one table of what is implemented. */
export const FIELD_SUPPORT: Readonly<Record<SupportedKind, readonly FieldSupport[]>> = {
  VirtualService: VIRTUAL_SERVICE_FIELDS,
  DestinationRule: DESTINATION_RULE_FIELDS,
  ServiceEntry: SERVICE_ENTRY_FIELDS,
  GRPCPolicy: GRPC_POLICY_FIELDS,
};

export interface UnsupportedField {
  readonly path: FieldPath;
  readonly message: string;
  readonly severity: Severity;
}

/** The fields an object uses that are not implemented. */
export function findUnsupported(object: KubeObject): UnsupportedField[] {
  const table: readonly FieldSupport[] | undefined = Object.hasOwn(FIELD_SUPPORT, object.kind)
    ? FIELD_SUPPORT[object.kind as SupportedKind]
    : undefined;
  const found: UnsupportedField[] = [];
  for (const row of table ?? []) {
    if (row.support === 'implemented' || row.reportedElsewhere === true) continue;
    for (const place of placesOf(row.field)) {
      for (const [path, value] of valuesAt(object, place.split('.'), [])) {
        if (!(row.isMissing?.(value) ?? isSet(value))) continue;
        const message = `${describe(path, value, row)} is not implemented: ${row.note.replaceAll('`', '')}`;
        found.push({ path, message, severity: row.severity ?? 'warning' });
      }
    }
  }
  return found;
}

function describe(path: FieldPath, value: unknown, { support }: FieldSupport): string {
  const field = String(path.findLast((key) => typeof key === 'string'));
  if (support !== 'partly') return field;
  return `${field} ${Array.isArray(value) ? value.join(', ') : String(value)}`;
}

function* valuesAt(
  value: unknown,
  [step, ...rest]: readonly string[],
  path: FieldPath,
): Iterable<readonly [FieldPath, unknown]> {
  if (value === undefined) return;
  if (step === undefined) {
    yield [path, value];
    return;
  }
  const isList = step.endsWith('[]');
  const key = isList ? step.slice(0, -2) : step;
  const next = (value as Readonly<Record<string, unknown>>)[key];
  if (!isList) yield* valuesAt(next, rest, [...path, key]);
  else if (Array.isArray(next))
    for (const [index, item] of next.entries()) yield* valuesAt(item, rest, [...path, key, index]);
}

/** Empty, zero and false are what protobuf makes of a field that is not there. */
function isSet(value: unknown): boolean {
  if (value === false || value === 0 || value === '') return false;
  return typeof value !== 'object' || value === null || Object.keys(value).length > 0;
}
