import * as z from 'zod';
import { portNumber, stringMap } from './metadata.js';

/** Istio `PortSelector`. */
export const portSelector = z.strictObject({ number: portNumber });

/** Istio `Destination`: a host of the registry, a subset of it, and a port where it has several. */
export const destination = z.strictObject({
  host: z.string().min(1),
  port: portSelector.optional(),
  subset: z.string().min(1).optional(),
});

export type DestinationObject = z.infer<typeof destination>;

const headerOperations = z.strictObject({
  add: stringMap.optional(),
  remove: z.array(z.string().min(1)).optional(),
  set: stringMap.optional(),
});

/** Istio `Headers`. */
export const headers = z.strictObject({
  request: headerOperations.optional(),
  response: headerOperations.optional(),
});

export type HeadersObject = z.infer<typeof headers>;
export type HeaderOperationsObject = z.infer<typeof headerOperations>;
