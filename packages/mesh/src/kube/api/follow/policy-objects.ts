import type { KubeApiObject } from '@weir/core/kube';
import { explainIssue } from '../../manifest/explain-issue.js';
import { withoutNulls } from '../../manifest/without-nulls.js';
import { formatField, type Problem } from '../../problem.js';
import type { KindDefinition, KubeObject } from '../../resources/kinds.js';
import { findWithoutEffect } from '../../resources/without-effect.js';

/** A rule or policy as the API server has it, without what others write into it. */
export interface PolicyRecord {
  readonly name: string;
  readonly namespace: string;
  readonly generation: number;
  /** What Weir last wrote into its status. */
  readonly condition: PolicyCondition | undefined;
  /** The object itself, not yet validated. */
  readonly content: Readonly<Record<string, unknown>>;
}

/** Of `metav1.Condition` what tells one verdict from another. */
export interface PolicyCondition {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
}

/** The type of the condition under which Weir says what it makes of an object. */
export const ACCEPTED_CONDITION = 'weir.dev/Accepted';

/** @returns what is used of a rule or policy; of its status no more than what Weir itself wrote */
export function stripPolicy(raw: KubeApiObject, { kind, group, versions }: KindDefinition): PolicyRecord {
  const { apiVersion = `${group}/${versions[0]}`, spec } = raw;
  const { name = '', namespace = '', ...metadata } = raw.metadata;
  const annotations = Object.entries(metadata.annotations ?? {}).filter(
    ([key]) => key !== 'kubectl.kubernetes.io/last-applied-configuration',
  );
  const kept = {
    name,
    namespace,
    ...(metadata.labels !== undefined && { labels: metadata.labels }),
    ...(annotations.length > 0 && { annotations: Object.fromEntries(annotations) }),
  };
  return {
    name,
    namespace,
    generation: metadata.generation ?? 0,
    condition: ownCondition(raw['status']),
    content: { apiVersion, kind, metadata: kept, ...(spec !== undefined && { spec }) },
  };
}

function ownCondition(status: unknown): PolicyCondition | undefined {
  const { conditions } = (status ?? {}) as { readonly conditions?: unknown };
  const all = Array.isArray(conditions)
    ? (conditions as (PolicyCondition & { readonly type: string })[])
    : [];
  const own = all.find(({ type }) => type === ACCEPTED_CONDITION);
  if (own === undefined) return undefined;
  const { status: state, reason, message, observedGeneration } = own;
  // Istio's status has it as text.
  return { status: state, reason, message, observedGeneration: Number(observedGeneration) };
}

export interface PolicyReading {
  /** Undefined when it is invalid. */
  readonly object: KubeObject | undefined;
  /** `file` is the object's name; there are no lines in a cluster. */
  readonly problems: readonly Problem[];
}

/** Validates a rule or policy as strictly as one in a file. */
export function readPolicy(
  { content }: PolicyRecord,
  { schema }: KindDefinition,
  key: string,
): PolicyReading {
  const place = { file: key, line: 0, column: 0 };
  const value = withoutNulls(content);
  const result = schema.safeParse(value);
  if (!result.success) {
    const findings = result.error.issues.flatMap((issue) => explainIssue(issue, schema, value));
    const problems = findings.map(({ path, message, code = 'WEIR0002' }): Problem => ({
      severity: 'error',
      code,
      ...place,
      field: formatField(path),
      message,
    }));
    return { object: undefined, problems };
  }
  const problems = findWithoutEffect(result.data).map(({ severity, code, path, message }): Problem => ({
    severity,
    code,
    ...place,
    field: formatField(path),
    message,
  }));
  return { object: result.data, problems };
}
