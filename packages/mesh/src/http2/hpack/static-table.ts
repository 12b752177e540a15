import { HeaderField } from './header-field.js';
import { STATIC_ENTRIES } from './static-entries.js';

/** Number of entries of the static table; dynamic indices begin at the next number. RFC 7541 2.3.3. */
export const STATIC_TABLE_LENGTH = STATIC_ENTRIES.length;

/** The static table's fields, shared by all connections; index i of RFC 7541 Appendix A is element i - 1. */
export const STATIC_TABLE: readonly HeaderField[] = STATIC_ENTRIES.map(
  ([name, value]) => new HeaderField(name, value),
);
