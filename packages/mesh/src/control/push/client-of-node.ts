import type { Node } from '../../xds/generated/envoy.config.core.v3.js';
import { jsonOfStruct } from '../../xds/struct.js';
import type { Client } from '../registry/client.js';
import { clientNamespace } from './client-namespace.js';

/**
 * What a client says of itself: its namespace, the labels of its pod (`LABELS` in its metadata, as Istio's proxies
 * give them) and its locality.
 */
export function clientOfNode(node: Node): Client {
  const { region = '', zone = '', subZone = '' } = node.locality ?? {};
  return {
    namespace: clientNamespace(node),
    labels: readLabels(node),
    locality: region === '' && zone === '' && subZone === '' ? undefined : { region, zone, subZone },
  };
}

function readLabels({ metadata }: Node): Readonly<Record<string, string>> {
  const struct = metadata?.fields?.['LABELS']?.structValue;
  const labels = Object.entries(struct === undefined ? {} : jsonOfStruct(struct));
  return Object.fromEntries(
    labels.filter((label): label is [string, string] => typeof label[1] === 'string'),
  );
}
