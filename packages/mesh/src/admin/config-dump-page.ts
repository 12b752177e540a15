import type { ConfigTypeView, ConfigView } from './proxy-view.js';

/** What the control plane has sent, in proto3 JSON, as plain JSON; times are Unix milliseconds. */
export async function configDumpPage(config: ConfigView): Promise<unknown> {
  // Loaded when asked for: it brings every message type into memory.
  const { anyToJson } = await import('../xds/to-json.js');
  const dumpType = (type: ConfigTypeView) => ({
    typeUrl: type.typeUrl,
    version: type.version,
    updatedAtMs: type.updatedWallMs,
    acceptedTotal: type.acceptedTotal,
    rejectedTotal: type.rejectedTotal,
    errors: type.errors,
    resources: type.resources.map(({ name, version, updatedWallMs, value }) => ({
      name,
      version,
      updatedAtMs: updatedWallMs,
      resource: anyToJson({ typeUrl: type.typeUrl, value }),
    })),
  });
  return {
    configured: config.configured,
    configVersion: config.configVersion,
    warnings: config.warnings,
    types: config.types.map(dumpType),
  };
}
