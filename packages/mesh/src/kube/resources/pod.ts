import * as z from 'zod';
import { stringMap } from './metadata.js';

/**
 * Kubernetes `v1` Pod, of which only name, namespace and labels are kept: they tell which subsets an endpoint
 * is in. The rest is not looked at, so that its many changes are none here.
 */
export const podSchema = z.object({
  apiVersion: z.literal('v1'),
  kind: z.literal('Pod'),
  metadata: z.object({
    name: z.string().min(1).max(253),
    namespace: z.string().min(1).max(63).default('default'),
    labels: stringMap.optional(),
  }),
});

export type PodObject = z.infer<typeof podSchema>;
