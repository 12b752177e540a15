import type { Node } from '../../xds/generated/envoy.config.core.v3.js';

/**
 * The namespace a client runs in: what it says in its metadata (`NAMESPACE`, as Istio's proxies do), else the
 * one in an id of the form `sidecar~<ip>~<pod>.<namespace>~<domain>`, else `default`.
 */
export function clientNamespace(node: Node): string {
  const said = node.metadata?.fields?.['NAMESPACE']?.stringValue;
  if (said !== undefined && said !== '') return said;
  const pod = node.id?.split('~')[2] ?? '';
  const dot = pod.lastIndexOf('.');
  return (dot < 0 ? '' : pod.slice(dot + 1)) || 'default';
}
