import { HeaderField } from './header-field.js';
import { STATIC_ENTRIES } from './static-entries.js';

/** Index of the newest entry of the dynamic table; those of the static table are below. RFC 7541 2.3.3. */
export const FIRST_DYNAMIC_INDEX = 62;

/** The static table's fields, shared by all connections; index i of RFC 7541 Appendix A is element i - 1. */
export const STATIC_TABLE: readonly HeaderField[] = STATIC_ENTRIES.map(
  ([name, value]) => new HeaderField(name, value),
);
