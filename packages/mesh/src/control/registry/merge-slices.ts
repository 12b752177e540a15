import type { EndpointSliceObject, SliceEndpointObject } from '../../kube/resources/endpoint-slice.js';
import type { ModelEndpoint, ModelLocality } from './model.js';

export type AddressFamily = 'IPv4' | 'IPv6';

/** How fit an endpoint is, best first: ready; ending but serving; ending and no longer serving. */
const FITNESS = ['ready', 'serving', 'stopping'] as const;
type Fitness = (typeof FITNESS)[number];

interface Candidate {
  readonly host: string;
  readonly port: number;
  readonly family: AddressFamily;
  readonly fitness: Fitness;
  readonly locality: ModelLocality;
  readonly pod: string;
  readonly labels: Labels;
}

export type Labels = Readonly<Record<string, string>>;
/** The labels of a pod; none when it is not known. */
export type LabelsOf = (namespace: string, pod: string) => Labels;

/** On pods since Kubernetes 1.35, and copied there by tools before. */
const REGION_LABEL = 'topology.kubernetes.io/region';
const ZONE_LABEL = 'topology.kubernetes.io/zone';

/**
 * Merges all slices of a Service into the endpoints of one of its ports.
 *
 * The result does not depend on how the endpoints are spread over slices, nor on the order of anything: an
 * endpoint on its way from one slice to another stands in both for a moment. Each slice has its own port
 * number and address family; a port belongs to a Service port by its name.
 */
export function mergeSlices(
  slices: readonly EndpointSliceObject[],
  portName: string,
  preferredFamily: AddressFamily,
  labelsOf: LabelsOf = () => ({}),
): ModelEndpoint[] {
  const best = new Map<string, Candidate>();
  for (const slice of slices) {
    for (const candidate of candidatesOf(slice, portName, labelsOf)) {
      const key = addressKey(candidate);
      const known = best.get(key);
      if (known === undefined || compareCandidates(candidate, known) < 0) best.set(key, candidate);
    }
  }
  const candidates = withoutSecondFamily([...best.values()], preferredFamily);
  const fittest = FITNESS.find((fitness) => candidates.some((candidate) => candidate.fitness === fitness));
  return candidates
    .map(({ host, port, fitness, locality, pod, labels }): ModelEndpoint => {
      // Kubernetes KEP-1669: endpoints that end but still serve are used only when there are no others.
      const isUsed = fitness !== 'stopping' && fitness === fittest;
      return { host, port, weight: 1, health: isUsed ? 'healthy' : 'draining', locality, pod, labels };
    })
    .sort(compareEndpoints);
}

export function compareEndpoints(a: ModelEndpoint, b: ModelEndpoint): number {
  return compareText(a.host, b.host) || a.port - b.port;
}

function* candidatesOf(
  slice: EndpointSliceObject,
  portName: string,
  labelsOf: LabelsOf,
): Iterable<Candidate> {
  const family = slice.addressType;
  if (family === 'FQDN') return;
  const port = slice.ports.find(({ name }) => (name ?? '') === portName)?.port;
  if (port === undefined) return;
  for (const endpoint of slice.endpoints) {
    const fitness = fitnessOf(endpoint);
    if (fitness === undefined) continue;
    const pod = endpoint.targetRef?.name ?? '';
    const labels = labelsOf(endpoint.targetRef?.namespace ?? slice.metadata.namespace, pod);
    const zone = endpoint.zone ?? labels[ZONE_LABEL] ?? '';
    const locality = { region: labels[REGION_LABEL] ?? '', zone, subZone: '' };
    for (const host of endpoint.addresses) yield { host, port, family, fitness, locality, pod, labels };
  }
}

/** Undefined for an endpoint that is not ready and not ending: one that has yet to start, or is ill. */
function fitnessOf({ conditions = {} }: SliceEndpointObject): Fitness | undefined {
  // discovery/v1: "a nil value should be interpreted as 'true'" (ready), "… defer to the ready condition"
  // (serving), "… as 'false'" (terminating).
  const ready = conditions.ready ?? true;
  if (conditions.terminating === true) return (conditions.serving ?? ready) ? 'serving' : 'stopping';
  return ready ? 'ready' : undefined;
}

/**
 * A dual-stack pod stands in slices of both families; counted twice it would get twice its share. Only pods
 * that have no address of the preferred family are reached by the other one.
 */
function withoutSecondFamily(
  candidates: readonly Candidate[],
  preferred: AddressFamily,
): readonly Candidate[] {
  const reached = new Set<string>();
  for (const { family, pod } of candidates) if (family === preferred && pod !== '') reached.add(pod);
  return candidates.filter(({ family, pod }) => family === preferred || !reached.has(pod));
}

/** Orders what is known of one address: the fittest first, then whatever always gives the same order. */
function compareCandidates(a: Candidate, b: Candidate): number {
  return (
    FITNESS.indexOf(a.fitness) - FITNESS.indexOf(b.fitness) ||
    compareText(b.pod, a.pod) ||
    compareText(b.locality.zone, a.locality.zone)
  );
}

function addressKey({ host, port }: Candidate): string {
  return `${host} ${port}`;
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
