import * as z from 'zod';

const stringMap = z.record(z.string(), z.string());

const managedFields = z.strictObject({
  apiVersion: z.string().optional(),
  fieldsType: z.string().optional(),
  fieldsV1: z.unknown().optional(),
  manager: z.string().optional(),
  operation: z.string().optional(),
  subresource: z.string().optional(),
  time: z.string().optional(),
});

const ownerReference = z.strictObject({
  apiVersion: z.string(),
  blockOwnerDeletion: z.boolean().optional(),
  controller: z.boolean().optional(),
  kind: z.string(),
  name: z.string(),
  uid: z.string(),
});

/** Every field of `metav1.ObjectMeta`, so that the output of `kubectl get -o yaml` can be used as it is. */
export const objectMeta = z.strictObject({
  annotations: stringMap.optional(),
  clusterName: z.string().optional(),
  creationTimestamp: z.string().optional(),
  deletionGracePeriodSeconds: z.int().optional(),
  deletionTimestamp: z.string().optional(),
  finalizers: z.array(z.string()).optional(),
  generateName: z.string().optional(),
  generation: z.int().optional(),
  labels: stringMap.optional(),
  managedFields: z.array(managedFields).optional(),
  name: z.string().min(1).max(253),
  /** A file carries no context, so what `kubectl apply` would put into the current namespace is in `default`. */
  namespace: z.string().min(1).max(63).default('default'),
  ownerReferences: z.array(ownerReference).optional(),
  resourceVersion: z.string().optional(),
  selfLink: z.string().optional(),
  uid: z.string().optional(),
});

/** `metav1.Condition`. */
export const condition = z.strictObject({
  lastProbeTime: z.string().optional(),
  lastTransitionTime: z.string().optional(),
  message: z.string().optional(),
  observedGeneration: z.union([z.int(), z.string()]).optional(),
  reason: z.string().optional(),
  status: z.string(),
  type: z.string(),
});

export const portNumber = z.int().min(1).max(65535);

export { stringMap };
