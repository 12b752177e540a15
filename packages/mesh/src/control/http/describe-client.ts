import type { Node } from '../../xds/generated/envoy.config.core.v3.js';
import type { ClientStatus } from '../../xds/server/ads-server.js';
import { shortTypeName, type ResourceType } from '../../xds/type-urls.js';
import { clientNamespace } from '../push/client-namespace.js';
import { profileOf } from '../translate/client-profile.js';
import type { Limit } from '../translate/proxyless/limits.js';

/** A client of the control plane as `/status` shows it. */
export interface DescribedClient {
  readonly node: string;
  readonly kind: string;
  readonly version: string;
  /** `''` where the client does not tell. */
  readonly pod: string;
  readonly namespace: string;
  readonly userAgent: string;
  readonly variant: string;
  readonly peer: string;
  /** By short name of the type, `Cluster`. */
  readonly types: Readonly<Record<string, DescribedType>>;
  /** What its configuration asks for and it cannot do. */
  readonly unsupported: readonly Limit[];
}

export interface DescribedType {
  readonly state: string;
  /** Since it came into this state; undefined before the first response. */
  readonly forSeconds: number | undefined;
  readonly subscribed: readonly string[];
  readonly ackedVersion: string;
  readonly rejection: DescribedRejection | undefined;
  /** Resources that are too large for it. */
  readonly withheld: readonly string[];
}

export interface DescribedRejection {
  readonly version: string;
  readonly message: string;
  readonly resources: readonly string[];
  readonly field: string | undefined;
}

/** Looks up what a client cannot do of a resource it is subscribed to. */
export type LimitsOf = (node: Node, typeUrl: ResourceType, name: string) => readonly Limit[];

/** @param wallMs now, by `Clock.wallMs` */
export function describeClient(
  { node = {}, nodeId, userAgent, variant, peer, types }: ClientStatus,
  limitsOf: LimitsOf,
  wallMs: number,
): DescribedClient {
  const { kind, version } = profileOf(node);
  const limits = new Map<string, Limit>();
  const described: Record<string, DescribedType> = {};
  for (const [typeUrl, status] of types) {
    const { state, sinceWallMs, subscribed, ackedVersion, rejection, withheld } = status;
    described[shortTypeName(typeUrl)] = {
      state,
      forSeconds: sinceWallMs === 0 ? undefined : Math.max(0, (wallMs - sinceWallMs) / 1000),
      subscribed,
      ackedVersion,
      rejection: rejection && {
        version: rejection.version,
        message: rejection.message,
        resources: rejection.resources,
        field: rejection.field,
      },
      withheld,
    };
    for (const name of subscribed) {
      for (const limit of limitsOf(node, typeUrl, name))
        limits.set(`${limit.feature} ${limit.source ?? ''}`, limit);
    }
  }
  return {
    node: nodeId,
    kind,
    version,
    pod: podOf(node),
    namespace: clientNamespace(node),
    userAgent,
    variant,
    peer,
    types: described,
    unsupported: [...limits.values()],
  };
}

/** From an id of the form `sidecar~<ip>~<pod>.<namespace>~<domain>`. */
export function podOf({ id = '' }: Node): string {
  const pod = id.split('~')[2] ?? '';
  const dot = pod.lastIndexOf('.');
  return dot < 0 ? pod : pod.slice(0, dot);
}
