import type { Clock } from '@weir/core';
import { formatPermission, formatResource, jsonEqual, KubeApiError } from '@weir/core/kube';
import type { Logger } from '../../../system/logger.js';
import type { Problem } from '../../problem.js';
import type { ApiCall } from '../api-connection.js';
import type { PolicyVerdict } from '../follow/cluster-source.js';
import { ACCEPTED_CONDITION, type PolicyCondition } from '../follow/policy-objects.js';

export interface StatusWriterOptions {
  readonly call: (call: ApiCall) => Promise<unknown>;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Condition extends PolicyCondition {
  readonly type: string;
  readonly lastTransitionTime?: string;
}

interface Versioned {
  readonly metadata: { readonly resourceVersion?: string };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

/** Somebody else wrote at the same time. */
const MAX_CONFLICTS = 3;
/** Messages of conditions may have 32 768 characters; nobody reads so many. */
const MAX_MESSAGE = 2000;

/**
 * Writes into the status of rules and policies what Weir makes of them, as the condition `weir.dev/Accepted`: that an
 * object is invalid, or that fields of it are not implemented. An object that is fine, and always was, is not
 * touched. One object is written at a time, and of each only the latest.
 */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  readonly #waiting = new Map<string, PolicyVerdict>();
  /** Kinds whose status must not be written: it is said once. */
  readonly #refused = new Set<string>();
  #busy = false;
  #closed = false;
  /** Another replica writes while this one does not; what there is to say is kept up to date meanwhile. */
  #paused = false;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  put(verdict: PolicyVerdict): void {
    const { kind, record } = verdict;
    const key = `${kind.kind} ${record.namespace}/${record.name}`;
    const wanted = wantedCondition(verdict);
    if (wanted === undefined || jsonEqual(wanted, record.condition)) {
      this.#waiting.delete(key);
      return;
    }
    this.#waiting.set(key, verdict);
    if (!this.#busy && !this.#paused) void this.#writeAll();
  }

  /** Whether to write. Default: true. */
  setWriting(writes: boolean): void {
    this.#paused = !writes;
    if (writes && !this.#busy) void this.#writeAll();
  }

  close(): void {
    this.#closed = true;
    this.#waiting.clear();
  }

  async #writeAll(): Promise<void> {
    this.#busy = true;
    for (const [key, verdict] of this.#waiting) {
      if (this.#closed || this.#paused) break;
      this.#waiting.delete(key);
      await this.#write(verdict);
    }
    this.#busy = false;
  }

  async #write(verdict: PolicyVerdict): Promise<void> {
    const { kind, record } = verdict;
    const wanted = wantedCondition(verdict);
    if (wanted === undefined) return;
    const { group, plural } = kind.resource;
    const version = String(record.content['apiVersion']).split('/').at(-1) ?? '';
    const path = `/apis/${group}/${version}/namespaces/${record.namespace}/${plural}/${record.name}`;
    for (let conflicts = 0; conflicts <= MAX_CONFLICTS; conflicts++) {
      try {
        const current = (await this.#options.call({ method: 'GET', path })) as Versioned;
        const body = {
          // The list is replaced as a whole, so it must be the one that was read.
          metadata: { resourceVersion: current.metadata.resourceVersion },
          status: { conditions: this.#merge(current.status?.conditions ?? [], wanted) },
        };
        const contentType = 'application/merge-patch+json';
        await this.#options.call({ method: 'PATCH', path: `${path}/status`, contentType, body });
        return;
      } catch (error) {
        if (!(error instanceof KubeApiError) || error.status !== 409) {
          this.#reportFailure(verdict, error);
          return;
        }
      }
    }
  }

  #merge(conditions: readonly Condition[], wanted: PolicyCondition): Condition[] {
    const before = conditions.find(({ type }) => type === ACCEPTED_CONDITION);
    const lasts = before?.status === wanted.status && before.lastTransitionTime !== undefined;
    const lastTransitionTime = lasts ? before.lastTransitionTime : formatTime(this.#options.clock.wallMs());
    const own: Condition = { type: ACCEPTED_CONDITION, ...wanted, lastTransitionTime };
    return [...conditions.filter(({ type }) => type !== ACCEPTED_CONDITION), own];
  }

  #reportFailure({ kind, record }: PolicyVerdict, error: unknown): void {
    const { logger } = this.#options;
    const status = error instanceof KubeApiError ? error.status : 0;
    // Gone meanwhile, or of a kind without a status.
    if (status === 404) return;
    const object = `${kind.kind} ${record.namespace}/${record.name}`;
    if (status !== 403) {
      logger.warn('the status of an object cannot be written', { object, error });
      return;
    }
    if (this.#refused.has(kind.kind)) return;
    this.#refused.add(kind.kind);
    const resource = { ...kind.resource, plural: `${kind.resource.plural}/status` };
    const remedy = formatPermission({ verbs: ['patch'], resource, namespace: undefined });
    logger.warn(`cannot patch ${formatResource(resource)}: not allowed (403); ${remedy}`, { object });
  }
}

/** What the status should say; undefined: nothing, since there is nothing to say and nothing was said. */
export function wantedCondition({ record, isInForce, problems }: PolicyVerdict): PolicyCondition | undefined {
  const observedGeneration = record.generation;
  if (problems.length > 0) {
    return {
      status: isInForce ? 'True' : 'False',
      reason: isInForce ? 'PartlyImplemented' : 'Invalid',
      message: problems.map(formatForStatus).join('; ').slice(0, MAX_MESSAGE),
      observedGeneration,
    };
  }
  if (record.condition === undefined) return undefined;
  return { status: 'True', reason: 'Valid', message: '', observedGeneration };
}

function formatForStatus({ code, field, message }: Problem): string {
  return `${code} ${field === '' ? '' : `${field}: `}${message}`;
}

/** RFC 3339 in whole seconds, as `metav1.Time`. */
function formatTime(wallMs: number): string {
  // oxlint-disable-next-line no-restricted-globals -- a time that is given, not the present one
  return new Date(wallMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
