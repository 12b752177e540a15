import * as z from 'zod';
import { reportDuplicates } from './duplicates.js';
import { exportTo, istioNetworkingApi, istioStatus } from './istio-object.js';
import { objectMeta, stringMap } from './metadata.js';
import { trafficPolicy } from './traffic-policy.js';

const subset = z.strictObject({
  labels: stringMap.optional(),
  name: z
    .string()
    .regex(/^[a-zA-Z0-9]([-a-zA-Z0-9_.]*[a-zA-Z0-9])?$/, 'must be made of letters, digits, "-", "_" and "."'),
  trafficPolicy: trafficPolicy.optional(),
});

export const destinationRuleSpec = z.strictObject({
  exportTo: exportTo.optional(),
  host: z.string().min(1),
  subsets: z.array(subset).default([]),
  trafficPolicy: trafficPolicy.optional(),
  workloadSelector: z.strictObject({ matchLabels: stringMap.optional() }).optional(),
});

/** Istio `networking.istio.io` DestinationRule, all fields of istio/api as of July 2026. */
export const destinationRuleSchema = z
  .strictObject({
    apiVersion: istioNetworkingApi,
    kind: z.literal('DestinationRule'),
    metadata: objectMeta,
    spec: destinationRuleSpec,
    status: istioStatus.optional(),
  })
  .superRefine(({ spec }, context) => {
    reportDuplicates(context, ['spec', 'subsets'], spec.subsets, 'name', ({ name }) => name);
  });

export type DestinationRuleObject = z.infer<typeof destinationRuleSchema>;
export type SubsetObject = z.infer<typeof subset>;
