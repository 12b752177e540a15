import type { Metadata } from '../../../xds/generated/envoy.config.core.v3.js';
import { structOf, type JsonObject } from '../../../xds/struct.js';
import type { Source } from '../../registry/source.js';

/** Under this key stands in `filter_metadata` what Envoy has no field for. */
const METADATA_KEY = 'weir.dev';

export function weirMetadata(content: JsonObject): Metadata {
  return { filterMetadata: { [METADATA_KEY]: structOf(content) } };
}

export function jsonOfSource({ file, line, object }: Source): JsonObject {
  return { file, line, object };
}
