import type { Problem } from '../../kube/problem.js';
import type { GrpcPolicyObject } from '../../kube/resources/grpc-policy.js';
import type { HostIndex } from './host-index.js';
import { compareAge, type ModelGrpcPolicy, type ServicePolicies } from './policies.js';
import { formatSource, problemAt, sourceOf, type Loaded } from './source.js';

export interface ReadGrpcPolicies {
  /** By host of the service. */
  readonly policies: ReadonlyMap<string, ServicePolicies>;
  readonly problems: readonly Problem[];
}

/** Reads GRPCPolicies; of two with one target the older one counts. */
export function readGrpcPolicies(
  objects: readonly Loaded<GrpcPolicyObject>[],
  hosts: HostIndex,
): ReadGrpcPolicies {
  const problems: Problem[] = [];
  const policies = new Map<
    string,
    { whole: ModelGrpcPolicy | undefined; methods: Map<string, ModelGrpcPolicy> }
  >();
  for (const loaded of [...objects].sort(compareAge)) {
    const { metadata, spec } = loaded.object;
    const { name, method } = spec.targetRef;
    const policy: ModelGrpcPolicy = { loaded, spec, source: sourceOf(loaded) };
    const host = hosts.resolve(name, metadata.namespace);
    if (hosts.find(host, metadata.namespace) === undefined) {
      const message = `there is no Service ${JSON.stringify(name)} in namespace ${metadata.namespace}, so this policy applies to nothing`;
      problems.push(problemAt(loaded, ['spec', 'targetRef', 'name'], 'error', 'WEIR0102', message));
    }
    const ofService = policies.get(host) ?? { whole: undefined, methods: new Map() };
    policies.set(host, ofService);
    const path = method === undefined ? undefined : `/${method.replace(/^\//, '')}`;
    const first = path === undefined ? ofService.whole : ofService.methods.get(path);
    if (first !== undefined) {
      const message = `its target has a policy already, ${formatSource(first.source)}, which counts; keep one`;
      problems.push(problemAt(loaded, ['spec', 'targetRef'], 'error', 'WEIR0110', message));
    } else if (path === undefined) {
      ofService.whole = policy;
    } else {
      ofService.methods.set(path, policy);
    }
  }
  return { policies, problems };
}
