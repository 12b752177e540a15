import { isIP, isIPv6 } from 'node:net';
import { mergeSlices, type AddressFamily, type MergeOptions } from '@weir/core/kube';
import type { LoadedObject } from '../../kube/directory/manifest-set.js';
import type { ProblemCode } from '../../kube/problem-code.js';
import type { Problem } from '../../kube/problem.js';
import type { EndpointSliceObject } from '../../kube/resources/endpoint-slice.js';
import type { ServiceObject } from '../../kube/resources/service.js';
import type { ModelPort, ModelService } from './model.js';
import { carriesRequests, protocolOfPort } from './protocol.js';
import type { Loaded } from './source.js';

export interface ReadResult {
  readonly services: readonly ModelService[];
  readonly problems: readonly Problem[];
}

/**
 * Reads a Service and the EndpointSlices that bear its name. A Service without slices is a service without
 * endpoints, so that calls to it fail with a reason; one of type ExternalName is none here (see `ExternalNames`).
 * Of a headless one, pods that have names of their own are services beside it, of one endpoint each.
 *
 * @param clusterDomain the cluster's DNS domain, `cluster.local` as a rule
 */
export function readService(
  service: Loaded<ServiceObject>,
  slices: readonly Loaded<EndpointSliceObject>[],
  clusterDomain: string,
  known: MergeOptions,
): ReadResult {
  const { metadata, spec } = service.object;
  const { name, namespace } = metadata;
  if (spec.type === 'ExternalName') return { services: [], problems: [] };
  const addresses = [...new Set([spec.clusterIP ?? '', ...(spec.clusterIPs ?? [])])].filter(
    (address) => isIP(address) > 0,
  );
  const preferred: AddressFamily = spec.ipFamilies?.[0] ?? (isIPv6(addresses[0] ?? '') ? 'IPv6' : 'IPv4');
  const objects = slices.map(({ object }) => object);
  const portsOver = (merged: readonly EndpointSliceObject[]): ModelPort[] =>
    (spec.ports ?? []).map((port) => ({
      number: port.port,
      name: port.name ?? '',
      protocol: protocolOfPort({
        number: port.port,
        name: port.name,
        appProtocol: port.appProtocol,
        transport: port.protocol,
      }),
      endpoints: mergeSlices(merged, port.name ?? '', preferred, known),
    }));
  const ports = portsOver(objects);
  const names = namesOf(name, namespace, clusterDomain);
  const model: ModelService = {
    ...names,
    shortName: name,
    namespace,
    addresses,
    ports,
    exportTo: undefined,
    origin: service.key,
  };
  const pinned = spec.clusterIP === 'None' ? hostnamesOf(objects) : [];
  const services = pinned.map((hostname): ModelService => ({
    ...model,
    ...namesOf(`${hostname}.${name}`, namespace, clusterDomain),
    shortName: `${hostname}.${name}`,
    ports: portsOver(objects.map((slice) => onlyOf(slice, hostname))),
  }));
  return { services: [model, ...services], problems: findGaps(service, slices, ports) };
}

function namesOf(
  name: string,
  namespace: string,
  clusterDomain: string,
): Pick<ModelService, 'host' | 'aliases'> {
  return {
    host: `${name}.${namespace}.svc.${clusterDomain}`,
    aliases: [`${name}.${namespace}.svc`, `${name}.${namespace}`],
  };
}

/** The pods that have a name of their own under that of a headless Service, as those of a StatefulSet do. */
function hostnamesOf(slices: readonly EndpointSliceObject[]): string[] {
  const names = slices.flatMap(({ endpoints }) => endpoints.map(({ hostname = '' }) => hostname));
  return [...new Set(names)].filter((name) => name !== '').sort();
}

/** Whoever calls one pod by its name means that pod and no other. */
function onlyOf(slice: EndpointSliceObject, wanted: string): EndpointSliceObject {
  return { ...slice, endpoints: slice.endpoints.filter(({ hostname }) => hostname === wanted) };
}

/** The commonest reasons for "no endpoints" in manifests written by hand. */
function findGaps(
  service: Loaded<ServiceObject>,
  slices: readonly Loaded<EndpointSliceObject>[],
  ports: readonly ModelPort[],
): Problem[] {
  const balanced = ports.filter((port) => carriesRequests(port.protocol));
  if (balanced.length === 0) return [];
  const { name } = service.object.metadata;
  if (slices.length === 0) {
    const message = `${service.key} has no endpoints: no EndpointSlice in its namespace has the label kubernetes.io/service-name: ${name}`;
    return [warningAt(service, 'WEIR0203', message)];
  }
  const offered = new Set(slices.flatMap(({ object }) => object.ports.map((port) => port.name ?? '')));
  return balanced
    .filter((port) => !offered.has(port.name))
    .map((port) => {
      const names = [...offered].sort().map(describePortName).join(', ') || 'no ports';
      const message = `port ${port.number} (${describePortName(port.name)}) of ${service.key} has no endpoints: its EndpointSlices have ${names}; the names must be the same`;
      return warningAt(service, 'WEIR0204', message);
    });
}

function describePortName(name: string): string {
  return name === '' ? 'a port without a name' : `a port named ${JSON.stringify(name)}`;
}

/** A warning about the object as a whole. */
export function warningAt(
  object: Pick<LoadedObject, 'file' | 'line'>,
  code: ProblemCode,
  message: string,
): Problem {
  return { severity: 'warning', code, file: object.file, line: object.line, column: 1, field: '', message };
}
