/**
 * The path of a field in an xDS client's complaint: `outlier_detection.interval` in "Cluster a: outlier_detection.interval
 * out of range", `virtual_hosts[x].routes[y].match` in grpc-js' words. Undefined when nothing looks like one.
 *
 * @param resourceNames names of the resources complained of, which look like fields themselves
 */
export function fieldAtFault(message: string, resourceNames: readonly string[]): string | undefined {
  let text = message;
  // Longest first, so that no name is left in pieces.
  for (const name of resourceNames.toSorted((a, b) => b.length - a.length)) text = text.replaceAll(name, ' ');
  const paths = text.match(PATH) ?? text.match(CAMEL_PATH) ?? text.match(FIELD) ?? [];
  return paths.find((path) => !path.includes('type.googleapis.com') && !path.startsWith('envoy.'));
}

/** At least two steps, or a step with an index. */
const PATH =
  /\b[a-z][a-z0-9_]*(?:\[[^\]]*\])?(?:\.[a-z][a-z0-9_]*(?:\[[^\]]*\])?)+|\b[a-z][a-z0-9_]*\[[^\]]*\]/g;
/** As generated validators write it: `ClusterValidationError.ConnectTimeout`. */
const CAMEL_PATH = /\b[A-Z][A-Za-z]*ValidationError\.[A-Z][A-Za-z]*/g;
const FIELD = /\b[a-z]+(?:_[a-z0-9]+)+\b/g;
