/**
 * One change to a list of headers: `set` replaces all of a name by one, `set-if-present` only where there is
 * one already, `add` puts one more, `add-if-absent` only where there is none, `remove` takes all away
 * (`HeaderValueOption.append_action`). Names are in lower case.
 */
export type HeaderOperation =
  | {
      readonly kind: 'set' | 'set-if-present' | 'add' | 'add-if-absent';
      readonly name: string;
      readonly value: string;
    }
  | { readonly kind: 'remove'; readonly name: string };

/** What a header looks like to those who change it. */
export interface Header {
  readonly name: string;
  readonly value: string;
}

/**
 * A list of headers after the operations, made in their order. Within one level Envoy removes before it adds,
 * which is up to whoever writes the list.
 *
 * @param create makes a header that was not there before
 * @returns the list itself when there is nothing to do
 */
export function mutateHeaders<H extends Header>(
  headers: readonly H[],
  operations: readonly HeaderOperation[],
  create: (name: string, value: string) => H,
): readonly H[] {
  if (operations.length === 0) return headers;
  let result = headers;
  for (const operation of operations) result = mutate(result, operation, create);
  return result;
}

function mutate<H extends Header>(
  headers: readonly H[],
  operation: HeaderOperation,
  create: (name: string, value: string) => H,
): readonly H[] {
  const { kind, name } = operation;
  if (kind === 'remove') return headers.filter((header) => header.name !== name);
  const first = headers.findIndex((header) => header.name === name);
  if (first === -1 ? kind === 'set-if-present' : kind === 'add-if-absent') return headers;
  const made = create(name, operation.value);
  if (first === -1 || kind === 'add') return [...headers, made];
  // In the old one's place, so that a pseudo header stays among its kind (RFC 9113, section 8.3).
  return headers.flatMap((header, index) => {
    if (header.name !== name) return [header];
    return index === first ? [made] : [];
  });
}
