import type { EndpointSlice, SliceEndpoint } from './endpoint-slice.js';

export type AddressFamily = 'IPv4' | 'IPv6';

/** How fit an endpoint is, best first: ready; ending but serving; ending and no longer serving. */
const FITNESS = ['ready', 'serving', 'stopping'] as const;
type Fitness = (typeof FITNESS)[number];

/** One endpoint of a Service port, whatever slices it stands in. */
export interface MergedEndpoint {
  /** IP address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Always 1: Kubernetes knows no other. */
  readonly weight: number;
  /** `draining` finishes what it has and gets nothing new. */
  readonly health: 'healthy' | 'draining';
  /** `''` where unknown. */
  readonly locality: { readonly region: string; readonly zone: string; readonly subZone: string };
  /** Zones whose callers should use it (`hints.forZones`); empty: no hint. */
  readonly zoneHints: readonly string[];
  /** Its own name under that of a headless Service: `pod-0`; `''` when it has none. */
  readonly hostname: string;
  /** Name of the pod; `''` when unknown. */
  readonly pod: string;
  /** Of the pod. */
  readonly labels: Labels;
}

interface Candidate extends Omit<MergedEndpoint, 'health' | 'weight'> {
  readonly family: AddressFamily;
  readonly fitness: Fitness;
}

export type Labels = Readonly<Record<string, string>>;
/** The labels of a pod; none when it is not known. */
export type LabelsOf = (namespace: string, pod: string) => Labels;
/** Where a node stands; `''` where unknown. */
export type PlaceOf = (nodeName: string) => { readonly region: string; readonly zone: string };

/** Where a node stands, by its labels. */
export function placeOfLabels(labels: Labels = {}): ReturnType<PlaceOf> {
  return { region: labels[REGION_LABEL] ?? '', zone: labels[ZONE_LABEL] ?? '' };
}

export interface MergeOptions {
  /** Default: none is known. */
  readonly labelsOf?: LabelsOf | undefined;
  /** Asked where neither slice nor pod says it. Default: nothing is known. */
  readonly placeOf?: PlaceOf | undefined;
}

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
  slices: readonly EndpointSlice[],
  portName: string,
  preferredFamily: AddressFamily,
  options: MergeOptions = {},
): MergedEndpoint[] {
  const best = new Map<string, Candidate>();
  for (const slice of slices) {
    for (const candidate of candidatesOf(slice, portName, options)) {
      const key = addressKey(candidate);
      const known = best.get(key);
      if (known === undefined || compareCandidates(candidate, known) < 0) best.set(key, candidate);
    }
  }
  const candidates = withoutSecondFamily([...best.values()], preferredFamily);
  const fittest = FITNESS.find((fitness) => candidates.some((candidate) => candidate.fitness === fitness));
  return candidates
    .map(({ host, port, fitness, locality, zoneHints, hostname, pod, labels }): MergedEndpoint => {
      // Kubernetes KEP-1669: endpoints that end but still serve are used only when there are no others.
      const isUsed = fitness !== 'stopping' && fitness === fittest;
      const health = isUsed ? 'healthy' : 'draining';
      return { host, port, weight: 1, health, locality, zoneHints, hostname, pod, labels };
    })
    .sort(compareEndpoints);
}

/** By address, so that the order tells nothing of where they were read from. */
export function compareEndpoints(a: EndpointAddress, b: EndpointAddress): number {
  return compareText(a.host, b.host) || a.port - b.port;
}

interface EndpointAddress {
  readonly host: string;
  readonly port: number;
}

const NO_HINTS: readonly string[] = [];

function* candidatesOf(
  slice: EndpointSlice,
  portName: string,
  { labelsOf = () => ({}), placeOf = () => ({ region: '', zone: '' }) }: MergeOptions,
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
    const place = placeOf(endpoint.nodeName ?? '');
    const zone = endpoint.zone ?? labels[ZONE_LABEL] ?? place.zone;
    const locality = { region: labels[REGION_LABEL] ?? place.region, zone, subZone: '' };
    const zoneHints = endpoint.hints?.forZones?.map(({ name }) => name) ?? NO_HINTS;
    const hostname = endpoint.hostname ?? '';
    for (const host of endpoint.addresses)
      yield { host, port, family, fitness, locality, zoneHints, hostname, pod, labels };
  }
}

/** Undefined for an endpoint that is not ready and not ending: one that has yet to start, or is ill. */
function fitnessOf({ conditions = {} }: SliceEndpoint): Fitness | undefined {
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
