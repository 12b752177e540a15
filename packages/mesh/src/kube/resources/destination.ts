import * as z from 'zod';
import { portNumber } from './metadata.js';

/** Istio `PortSelector`. */
export const portSelector = z.strictObject({ number: portNumber });

/** Istio `Destination`: a host of the registry, a subset of it, and a port where it has several. */
export const destination = z.strictObject({
  host: z.string().min(1),
  port: portSelector.optional(),
  subset: z.string().min(1).optional(),
});

export type DestinationObject = z.infer<typeof destination>;
