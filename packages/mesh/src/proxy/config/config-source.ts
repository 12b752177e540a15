import type { ConfigSource } from '../../xds/generated/envoy.config.core.v3.js';
import type { Findings } from './findings.js';

/** Everything comes over the one aggregated stream; any other source is an error. */
export function checkConfigSource(path: string, source: ConfigSource | undefined, findings: Findings): void {
  if (source?.ads === undefined && source?.self === undefined) {
    findings.error(path, 'must be "ads": this proxy has one control plane and one stream to it');
  }
}
