import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import { destination, portSelector } from '../destination.js';
import { noSettings } from '../grpc-load-balancer.js';
import { headers } from '../header-changes.js';
import { destinationRuleSpec } from '../destination-rule.js';
import { grpcPolicySpec } from '../grpc-policy.js';
import { percent } from '../percent.js';
import { serviceEntrySpec } from '../service-entry.js';
import { stringMatch, valueMatch } from '../string-match.js';
import { virtualServiceSpec } from '../virtual-service.js';
import type { SupportedKind } from './field-support.js';
import { FIELD_SUPPORT } from './find-unsupported.js';

const SPECS: Readonly<Record<SupportedKind, z.core.$ZodType>> = {
  VirtualService: virtualServiceSpec,
  DestinationRule: destinationRuleSpec,
  ServiceEntry: serviceEntrySpec,
  GRPCPolicy: grpcPolicySpec,
};

/** Parts that stand in many places and are implemented as a whole. */
const WHOLE: ReadonlySet<z.core.$ZodType> = new Set([
  destination,
  headers,
  noSettings,
  percent,
  portSelector,
  stringMatch,
  valueMatch,
]);

/** Every field of a schema, in the notation of the table. */
function* fieldsOf(schema: z.core.$ZodType, path: string): Iterable<string> {
  let current = schema;
  while (current instanceof z.ZodOptional || current instanceof z.ZodDefault) current = current.unwrap();
  if (current instanceof z.ZodObject && !WHOLE.has(current)) {
    for (const [key, field] of Object.entries(current.shape)) yield* fieldsOf(field, `${path}.${key}`);
  } else if (current instanceof z.ZodArray && current.element instanceof z.ZodObject) {
    yield* fieldsOf(current.element, `${path}[]`);
  } else {
    yield canonical(path);
  }
}

/** A traffic policy stands in four places and once in the table. */
function canonical(path: string): string {
  return path
    .replace('spec.subsets[].trafficPolicy.', 'spec.trafficPolicy.')
    .replace(/\.portLevelSettings\[\]\.(?!port$)/, '.');
}

function isWithin(field: string, row: string): boolean {
  return field === row || field.startsWith(`${row}.`) || field.startsWith(`${row}[`);
}

for (const [kind, spec] of Object.entries(SPECS)) {
  const rows = FIELD_SUPPORT[kind as SupportedKind].map(({ field }) => field);
  const fields = [...new Set(fieldsOf(spec, 'spec'))];

  test(`every field that a ${kind} may have is in the table of what is implemented, once`, () => {
    for (const field of fields) {
      const covering = rows.filter((row) => isWithin(field, row));
      assert.equal(covering.length, 1, `${field} is covered by [${covering.join(', ')}]`);
    }
  });

  test(`the table of a ${kind} has no field that it may not have`, () => {
    assert.deepEqual(
      rows.filter((row) => !fields.some((field) => isWithin(field, row))),
      [],
    );
  });
}
