import * as z from 'zod';
import { condition } from './metadata.js';

/** Of `networking.istio.io`; all three have the same fields. */
export const istioNetworkingVersions = ['v1', 'v1beta1', 'v1alpha3'] as const;

export const istioNetworkingApi = z.enum([
  'networking.istio.io/v1',
  'networking.istio.io/v1beta1',
  'networking.istio.io/v1alpha3',
]);

/** `IstioStatus`, which others write and Weir does not read. */
export const istioStatus = z.strictObject({
  conditions: z.array(condition).optional(),
  observedGeneration: z.union([z.int(), z.string()]).optional(),
  validationMessages: z.array(z.unknown()).optional(),
});

/** Namespaces: names, `.` the object's own, `*` all, `~` none. */
export const exportTo = z.array(z.string().min(1));
