import { formatPermission, formatResource, KubeApiError, type KubeResource } from '@weir/core/kube';
import type { ApiCall } from '../api-connection.js';
import { FOLLOWED_KINDS, type FollowedKind } from '../follow/followed-kinds.js';
import type { CheckFinding } from './finding.js';
import { reviewAccess, type Subject } from './review-access.js';

type Call = (call: ApiCall) => Promise<unknown>;

export interface CheckOptions {
  readonly call: Call;
  /** Whose permissions are looked at; undefined: those of whoever asks. */
  readonly subject: Subject | undefined;
  /** The one namespace that is read; undefined: all. */
  readonly namespace: string | undefined;
}

/** The first with native sidecars (init containers that go on), switched on by default. */
const OLDEST_MINOR = 29;

/**
 * Looks at everything the control plane needs of an API server: that it answers, its version, which kinds it has, and
 * one by one the permissions. What follows from a finding that is not good is not looked at.
 *
 * @throws KubeApiError when the server cannot be asked at all
 */
export async function checkCluster(options: CheckOptions): Promise<readonly CheckFinding[]> {
  const findings: CheckFinding[] = [await checkVersion(options.call)];
  for (const kind of FOLLOWED_KINDS) {
    const { versions, finding } = await findVersions(kind, options.call);
    if (finding !== undefined) findings.push(finding);
    if (versions.length === 0) continue;
    findings.push(await checkPermission(['list', 'watch'], kind.resource, 'error', options));
    if (kind.role === 'policy') {
      const status = { ...kind.resource, plural: `${kind.resource.plural}/status` };
      findings.push(await checkPermission(['patch'], status, 'warning', options));
    }
  }
  return findings;
}

async function checkVersion(call: Call): Promise<CheckFinding> {
  const {
    gitVersion = '',
    major = '',
    minor = '',
  } = (await call({ method: 'GET', path: '/version' })) as {
    readonly gitVersion?: string;
    readonly major?: string;
    /** `32`, or `32+` of some providers. */
    readonly minor?: string;
  };
  const check = 'API server';
  const isOld = Number(major) < 1 || (Number(major) === 1 && Number.parseInt(minor, 10) < OLDEST_MINOR);
  if (!isOld) return { check, result: 'ok', message: `answers, version ${gitVersion}` };
  const message = `is of version ${gitVersion}; native sidecars need 1.${OLDEST_MINOR}: upgrade the cluster`;
  return { check, result: 'warning', message };
}

/** Which of the versions that can be read the server has; those of Kubernetes' own kinds go without saying. */
async function findVersions(
  { role, kind, resource, otherVersions }: FollowedKind,
  call: Call,
): Promise<{ readonly versions: readonly string[]; readonly finding?: CheckFinding }> {
  if (role === 'built-in') return { versions: [resource.version] };
  const versions: string[] = [];
  for (const version of [resource.version, ...otherVersions]) {
    if (await hasResource({ ...resource, version }, call)) versions.push(version);
  }
  const check = `kind ${kind}`;
  const message =
    versions.length === 0
      ? `is not installed, so there are no rules of it; it is picked up when ${formatResource(resource)} is`
      : `is installed (${versions.join(', ')})`;
  return { versions, finding: { check, result: 'ok', message } };
}

async function hasResource({ group, version, plural }: KubeResource, call: Call): Promise<boolean> {
  try {
    const { resources = [] } = (await call({ method: 'GET', path: `/apis/${group}/${version}` })) as {
      readonly resources?: readonly { readonly name?: string }[];
    };
    return resources.some(({ name }) => name === plural);
  } catch (error) {
    if (error instanceof KubeApiError && error.status === 404) return false;
    throw error;
  }
}

async function checkPermission(
  verbs: readonly string[],
  resource: KubeResource,
  severity: 'error' | 'warning',
  { call, subject, namespace }: CheckOptions,
): Promise<CheckFinding> {
  // Nodes belong to no namespace.
  const within = resource.plural === 'nodes' ? undefined : namespace;
  const check = `permission to ${verbs.join(' and ')} ${formatResource(resource)}`;
  const missing: string[] = [];
  for (const verb of verbs) {
    if (!(await reviewAccess(call, subject, { verb, resource, namespace: within }))) missing.push(verb);
  }
  if (missing.length === 0) return { check, result: 'ok', message: 'given' };
  const remedy = formatPermission({ verbs: missing, resource, namespace: within });
  return { check, result: severity, message: `missing; ${remedy}` };
}
