import type { LoadedObject } from '../../kube/directory/manifest-set.js';
import { readPolicy, stripPolicy } from '../../kube/api/follow/policy-objects.js';
import type { Problem } from '../../kube/problem.js';
import { lookUpKind, objectKey } from '../../kube/resources/kinds.js';
import { analyzeModel } from '../analyze/analyze-model.js';
import { Registry } from '../registry/registry.js';
import type { Judge } from './review-policy.js';

/**
 * Judges an object as it would be among the others: by its kind's schema, and by how it fits with what is there.
 *
 * @param objects what is there now
 * @param clusterDomain default: `cluster.local`
 */
export function createJudge(
  objects: () => readonly LoadedObject[],
  clusterDomain: string | undefined,
): Judge {
  return (raw) => {
    const { apiVersion, kind, metadata } = raw as { apiVersion: string; kind: string; metadata: Metadata };
    const found = lookUpKind(apiVersion, kind);
    // Kinds that are none of Weir's are not its to judge.
    if (found.found !== 'kind') return [];
    const { definition } = found;
    const record = stripPolicy({ ...(raw as object), metadata }, definition);
    const name = `${kind} ${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
    const { object, problems } = readPolicy(record, definition, name);
    if (object === undefined) return problems;
    const key = objectKey(object);
    const candidate: LoadedObject = {
      key,
      object,
      file: key,
      line: 0,
      locate: () => ({ line: 0, column: 0 }),
    };
    const all = [...objects().filter((other) => other.key !== key), candidate];
    const model = new Registry(clusterDomain).update(all);
    const own = ({ file }: Problem): boolean => file === key;
    return [...problems, ...model.problems.filter(own), ...analyzeModel(model, all).filter(own)];
  };
}

interface Metadata {
  readonly name?: string;
  readonly namespace?: string;
}
