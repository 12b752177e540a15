import type { ConfigSource } from '../../../xds/generated/envoy.config.core.v3.js';

/** "It comes over this same stream." */
export const OVER_ADS: ConfigSource = { ads: {}, resourceApiVersion: 'V3' };
