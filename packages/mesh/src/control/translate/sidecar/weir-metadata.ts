import type { Metadata } from '../../../xds/generated/envoy.config.core.v3.js';
import { jsonOfStruct, structOf, type JsonObject } from '../../../xds/struct.js';
import type { Source } from '../../registry/source.js';

/** Under this key stands in `filter_metadata` what Envoy has no field for. */
const METADATA_KEY = 'weir.dev';

export function weirMetadata(content: JsonObject): Metadata {
  return { filterMetadata: { [METADATA_KEY]: structOf(content) } };
}

export function jsonOfSource({ file, line, object }: Source): JsonObject {
  return { file, line, object };
}

/** What `weirMetadata` was given; empty where there is none. */
export function metadataContent(metadata: Metadata | undefined): JsonObject {
  const struct = metadata?.filterMetadata?.[METADATA_KEY];
  return struct === undefined ? {} : jsonOfStruct(struct);
}
