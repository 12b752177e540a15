import { type HeaderOperation, mutateHeaders } from '@weir/core';
import { HeaderField } from '../../http2/hpack/header-field.js';

/**
 * Changes to the headers of every request or response of a rule. The fields that it puts in are made once, so
 * that encoders know them by identity.
 */
export class HeaderChanges {
  readonly #operations: readonly HeaderOperation[];
  readonly #fields = new Map<string, Map<string, HeaderField>>();
  readonly #create = (name: string, value: string): HeaderField => this.#fields.get(name)!.get(value)!;

  constructor(operations: readonly HeaderOperation[]) {
    this.#operations = operations;
    for (const operation of operations) {
      if (operation.kind === 'remove') continue;
      const { name, value } = operation;
      const values = this.#fields.get(name) ?? new Map<string, HeaderField>();
      values.set(value, new HeaderField(name, value));
      this.#fields.set(name, values);
    }
  }

  /** The fields after the changes; the same list when nothing had to be changed. */
  apply(fields: readonly HeaderField[]): readonly HeaderField[] {
    return mutateHeaders(fields, this.#operations, this.#create);
  }
}
