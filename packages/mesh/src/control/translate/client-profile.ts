import type { Node } from '../../xds/generated/envoy.config.core.v3.js';
import { userAgentOf } from '../../xds/server/user-agent.js';

/** Programs that speak xDS, told apart as far as they want different configurations. */
export type ClientKind = 'sidecar' | 'envoy' | 'grpc-node' | 'grpc-core' | 'grpc-go' | 'grpc-java';
export type GrpcKind = Extract<ClientKind, `grpc-${string}`>;

/** What some gRPC libraries can do from some version on, and others cannot. */
export type Capability =
  | 'timeout'
  | 'retry'
  | 'fault'
  | 'circuitBreaking'
  | 'outlierDetection'
  | 'ringHash'
  | 'customBalancer'
  | 'leastRequest'
  | 'weightedRoundRobin';

/** What decides which configuration a client gets, beside where it runs. */
export interface ClientProfile {
  readonly kind: ClientKind;
  /** `1.51` of a gRPC library; whatever others tell. */
  readonly version: string;
  readonly capabilities: ReadonlySet<Capability>;
}

/** The first minor version of gRPC 1.x in which each library can do it. */
type FirstVersions = Readonly<Record<GrpcKind, number | undefined>>;

/**
 * Source: grpc `doc/grpc_xds_features.md`, and grpc-js-xds 1.14's own code, where it differs. What Node only does when
 * an environment variable is set counts as missing.
 */
export const FIRST_VERSIONS: Readonly<Record<Capability, FirstVersions>> = {
  timeout: versions({ core: 37, java: 37, go: 37, node: 4 }), // gRFC A31
  circuitBreaking: versions({ core: 37, java: 37, go: 37, node: 4 }), // A32
  fault: versions({ core: 37, java: 37, go: 37, node: 4 }), // A33
  ringHash: versions({ core: 40, java: 40, go: 41, node: 10 }), // A42
  retry: versions({ core: 40, java: 40, go: 41, node: 8 }), // A44
  leastRequest: versions({ java: 48, go: 73 }), // A48
  outlierDetection: versions({ core: 51, java: 49, go: 50, node: 7 }), // A50
  customBalancer: versions({ core: 55, java: 47, go: 56, node: 10 }), // A52
  weightedRoundRobin: versions({ core: 55, java: 54, go: 56 }), // A58
};

/**
 * Versions, both included, that crash or worse when they do it. C-core's ring: grpc/grpc#31766, a picker of the wrong
 * type, mended in 1.52.
 */
const BROKEN: Partial<Record<Capability, Partial<Record<GrpcKind, readonly [number, number]>>>> = {
  ringHash: { 'grpc-core': [49, 51] },
};

function versions(of: Partial<Record<'core' | 'java' | 'go' | 'node', number>>): FirstVersions {
  return { 'grpc-core': of.core, 'grpc-java': of.java, 'grpc-go': of.go, 'grpc-node': of.node };
}

const ALL: ReadonlySet<Capability> = new Set(Object.keys(FIRST_VERSIONS) as Capability[]);

export const SIDECAR_PROFILE: ClientProfile = { kind: 'sidecar', version: '', capabilities: ALL };

/**
 * Who a client is, by what it says of itself. A gRPC library not known here is treated as the oldest C-core, which
 * every other one can follow; what is no gRPC library, as Envoy.
 */
export function profileOf(node: Node): ClientProfile {
  const kind = kindOf(node.userAgentName ?? '');
  const agent = userAgentOf(node);
  if (!isGrpc(kind)) return { kind, version: /\d+(\.\d+)*/.exec(agent)?.[0] ?? '', capabilities: ALL };
  const minor = minorVersion(kind, node.userAgentVersion ?? agent);
  return {
    kind,
    version: minor === undefined ? '' : `1.${minor}`,
    capabilities: capabilitiesOf(kind, minor ?? 0),
  };
}

/** The profile of a gRPC library of version 1.`minor`. */
export function grpcProfile(kind: GrpcKind, minor: number): ClientProfile {
  return { kind, version: `1.${minor}`, capabilities: capabilitiesOf(kind, minor) };
}

export function isGrpc(kind: ClientKind): kind is GrpcKind {
  return kind.startsWith('grpc-');
}

/** Tells apart profiles that get different configurations. */
export function formatProfile({ kind, capabilities }: ClientProfile): string {
  return isGrpc(kind) ? `${kind} ${[...capabilities].sort().join(',')}` : kind;
}

const GRPC_AGENTS: readonly (readonly [string, GrpcKind])[] = [
  ['gRPC Node', 'grpc-node'],
  ['gRPC C-core', 'grpc-core'],
  ['gRPC Go', 'grpc-go'],
  ['gRPC Java', 'grpc-java'],
];

function kindOf(userAgentName: string): ClientKind {
  if (userAgentName === 'weir') return 'sidecar';
  const known = GRPC_AGENTS.find(([prefix]) => userAgentName.startsWith(prefix));
  if (known !== undefined) return known[1];
  return userAgentName.startsWith('gRPC') ? 'grpc-core' : 'envoy';
}

function capabilitiesOf(kind: GrpcKind, minor: number): ReadonlySet<Capability> {
  return new Set(
    [...ALL].filter((capability) => {
      const [from, to] = BROKEN[capability]?.[kind] ?? [Number.POSITIVE_INFINITY, 0];
      const isBroken = minor >= from && minor <= to;
      return !isBroken && minor >= (FIRST_VERSIONS[capability][kind] ?? Number.POSITIVE_INFINITY);
    }),
  );
}

function minorVersion(kind: GrpcKind, text: string): number | undefined {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(text) ?? [];
  if (major === undefined) return undefined;
  if (kind !== 'grpc-core' || major === '1') return Number(minor);
  // C-core tells the version of its core, a number of its own: 29 is in gRPC 1.51, 31 in 1.54, 42 in 1.65.
  const core = Number(major);
  return core <= 30 ? core + 22 : core + 23;
}
