import { compareEndpoints } from '@weir/core/kube';
import { isIP } from 'node:net';
import type { ServiceEntryObject } from '../../kube/resources/service-entry.js';
import type { ModelEndpoint, ModelLocality, ModelPort, ModelService } from './model.js';
import { protocolOfWord } from './protocol.js';
import { readExportTo } from './export-to.js';
import type { ReadResult } from './read-service.js';
import type { Loaded } from './source.js';

type Spec = ServiceEntryObject['spec'];
type Workload = NonNullable<Spec['endpoints']>[number];
type EntryPort = NonNullable<Spec['ports']>[number];

/** Reads a ServiceEntry with static endpoints: one service for each of its hosts. Other resolutions give none. */
export function readServiceEntry(entry: Loaded<ServiceEntryObject>): ReadResult {
  const { metadata, spec } = entry.object;
  if (spec.resolution !== 'STATIC' || spec.workloadSelector !== undefined)
    return { services: [], problems: [] };
  const ports = (spec.ports ?? []).map((port): ModelPort => {
    const endpoints = (spec.endpoints ?? []).map((workload) => endpointOf(workload, port));
    return {
      number: port.number,
      name: port.name,
      protocol: protocolOfWord(port.protocol),
      endpoints: distinct(endpoints).sort(compareEndpoints),
    };
  });
  const hosts = [...new Set(spec.hosts.map((host) => host.toLowerCase()))];
  const services = hosts.map((host): ModelService => ({
    host,
    aliases: [],
    shortName: undefined,
    namespace: metadata.namespace,
    // Addresses of a ServiceEntry belong to all its hosts, so they tell a host only when it is the only one.
    addresses:
      hosts.length > 1 ? [] : (spec.addresses ?? []).map(withoutFullPrefix).filter((each) => isIP(each) > 0),
    ports,
    exportTo: readExportTo(spec.exportTo, metadata.namespace),
    origin: entry.key,
  }));
  return { services, problems: [] };
}

function endpointOf(workload: Workload, port: EntryPort): ModelEndpoint {
  return {
    host: workload.address ?? '',
    // Istio WorkloadEntry.ports: "endpoint port map … if omitted, the targetPort … else the port's number".
    port: workload.ports?.[port.name] ?? (port.targetPort || port.number),
    // Istio WorkloadEntry.weight: "if unspecified … 1"; 0 is what proto makes of unspecified.
    weight: workload.weight || 1,
    health: 'healthy',
    locality: parseLocality(workload.locality ?? ''),
    pod: '',
    labels: workload.labels ?? {},
  };
}

/** Parses `region/zone/subzone`, of which the latter two may be missing. */
function parseLocality(text: string): ModelLocality {
  const [region = '', zone = '', subZone = ''] = text.split('/');
  return { region, zone, subZone };
}

/** An address listed twice was meant to get more: its weights add up. */
function distinct(endpoints: readonly ModelEndpoint[]): ModelEndpoint[] {
  const byAddress = new Map<string, ModelEndpoint>();
  for (const endpoint of endpoints) {
    const key = `${endpoint.host} ${endpoint.port}`;
    const known = byAddress.get(key);
    byAddress.set(key, known === undefined ? endpoint : { ...known, weight: known.weight + endpoint.weight });
  }
  return [...byAddress.values()];
}

/** `10.0.0.1/32` and `fd00::1/128` are single addresses; shorter prefixes stay as they are. */
function withoutFullPrefix(address: string): string {
  return address.replace(address.includes(':') ? /\/128$/ : /\/32$/, '');
}
