// First octets of the representations, RFC 7541 6: the pattern of the topmost bits, and the largest value of the
// integer prefix below them.

/** Indexed header field. RFC 7541 6.1. */
export const INDEXED = 0x80;
export const INDEXED_BITS = 7;
export const INDEXED_MAX = 0x7f;

/** Literal header field with incremental indexing. RFC 7541 6.2.1. */
export const INDEXING = 0x40;
export const INDEXING_BITS = 6;
export const INDEXING_MAX = 0x3f;

/** Dynamic table size update. RFC 7541 6.3. */
export const SIZE_UPDATE = 0x20;
export const SIZE_UPDATE_BITS = 5;
export const SIZE_UPDATE_MAX = 0x1f;

/** Literal header field never indexed. RFC 7541 6.2.3. */
export const NEVER_INDEXED = 0x10;
/** Literal header field without indexing. RFC 7541 6.2.2. */
export const NOT_INDEXED = 0x00;
export const NOT_INDEXING_BITS = 4;
export const NOT_INDEXING_MAX = 0x0f;
