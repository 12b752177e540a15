import type { Node } from '../generated/envoy.config.core.v3.js';

/** Name and version of a client's program, as far as it tells. */
export function userAgentOf(node: Node | undefined): string {
  return [node?.userAgentName, node?.userAgentVersion ?? buildVersion(node)].filter(Boolean).join(' ');
}

/** Envoy tells its version as numbers. */
function buildVersion(node: Node | undefined): string | undefined {
  const version = node?.userAgentBuildVersion?.version;
  if (version === undefined) return undefined;
  const { majorNumber = 0, minorNumber = 0, patch = 0 } = version;
  return `${majorNumber}.${minorNumber}.${patch}`;
}
