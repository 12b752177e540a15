import type { Problem } from '../../kube/problem.js';
import { reaches, type Audience } from './export-to.js';
import { HostIndex } from './host-index.js';
import { NO_POLICIES, type Policies } from './policies.js';
import type { Protocol } from './protocol.js';

export interface ModelLocality {
  /** `''` where unknown, as are the others. */
  readonly region: string;
  readonly zone: string;
  readonly subZone: string;
}

export interface ModelEndpoint {
  /** IP address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** At least 1. */
  readonly weight: number;
  /** `draining` finishes what it has and gets nothing new. Endpoints that are not ready are not in the model. */
  readonly health: 'healthy' | 'draining';
  readonly locality: ModelLocality;
  /** Name of the pod, for people; `''` when unknown. */
  readonly pod: string;
  /** Of the pod, or of the endpoint in a ServiceEntry; they tell which subsets it is in. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface ModelPort {
  readonly number: number;
  /** `''` when the port has no name. */
  readonly name: string;
  readonly protocol: Protocol;
  /** Ordered by address; each address once. */
  readonly endpoints: readonly ModelEndpoint[];
}

/** One thing that can be called, whatever kind of object it was read from. Never changed, only replaced. */
export interface ModelService {
  /** The name that identifies it, in lower case: `greeter.default.svc.cluster.local`, or a ServiceEntry's host. */
  readonly host: string;
  /** Further names it has for everybody. */
  readonly aliases: readonly string[];
  /** The name it has within its own namespace alone. */
  readonly shortName: string | undefined;
  readonly namespace: string;
  /** IP addresses that stand for the whole service. */
  readonly addresses: readonly string[];
  readonly ports: readonly ModelPort[];
  /** Namespaces that may call it; undefined: all (Istio's `exportTo`). */
  readonly exportTo: Audience;
  /** `Service default/greeter`, for people. */
  readonly origin: string;
}

/** Everything the control plane knows, at one moment. */
export interface Model {
  /** Ordered by host. */
  readonly services: readonly ModelService[];
  /** The same, by the hosts that rules name. */
  readonly hosts: HostIndex;
  readonly policies: Policies;
  /** Objects that are valid each for itself, but do not fit together. */
  readonly problems: readonly Problem[];
  /** The same object as in another model: they differ in nothing but endpoints. */
  readonly shape: object;
}

export const EMPTY_MODEL: Model = {
  shape: {},
  services: [],
  hosts: new HostIndex([], 'cluster.local'),
  policies: NO_POLICIES,
  problems: [],
};

/** Whether a client in `namespace` may know of the service. */
export function isVisible(service: ModelService, namespace: string): boolean {
  return reaches(service.exportTo, namespace);
}

/** Whether nothing but the endpoints of two services differs. */
export function hasSameShape(a: ModelService, b: ModelService): boolean {
  return (
    a === b ||
    (a.host === b.host &&
      a.namespace === b.namespace &&
      a.shortName === b.shortName &&
      a.origin === b.origin &&
      isSameList(a.aliases, b.aliases) &&
      isSameList(a.addresses, b.addresses) &&
      isSameList([...(a.exportTo ?? ['?'])], [...(b.exportTo ?? ['?'])]) &&
      a.ports.length === b.ports.length &&
      a.ports.every((port, index) => {
        const other = b.ports[index];
        return port.number === other?.number && port.name === other.name && port.protocol === other.protocol;
      }))
  );
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((each, index) => each === b[index]);
}
