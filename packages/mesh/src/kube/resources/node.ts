import * as z from 'zod';
import { stringMap } from './metadata.js';

/** Kubernetes `v1` Node, of which only the labels are kept that say where it is. It belongs to no namespace. */
export const nodeSchema = z.object({
  apiVersion: z.literal('v1'),
  kind: z.literal('Node'),
  metadata: z.object({
    name: z.string().min(1).max(253),
    namespace: z.literal('').default(''),
    labels: stringMap.optional(),
  }),
});

export type NodeObject = z.infer<typeof nodeSchema>;
