import { isIPv4, isIPv6 } from 'node:net';
import * as z from 'zod';
import { objectMeta, portNumber, stringMap } from './metadata.js';
import { reportDuplicates } from './duplicates.js';

const named = z.strictObject({ name: z.string() });

const objectReference = z.strictObject({
  apiVersion: z.string().optional(),
  fieldPath: z.string().optional(),
  kind: z.string().optional(),
  name: z.string().optional(),
  namespace: z.string().optional(),
  resourceVersion: z.string().optional(),
  uid: z.string().optional(),
});

const sliceEndpoint = z.strictObject({
  addresses: z.array(z.string()).min(1).max(100),
  conditions: z
    .strictObject({
      ready: z.boolean().optional(),
      serving: z.boolean().optional(),
      terminating: z.boolean().optional(),
    })
    .optional(),
  deprecatedTopology: stringMap.optional(),
  hints: z
    .strictObject({ forNodes: z.array(named).optional(), forZones: z.array(named).optional() })
    .optional(),
  hostname: z.string().optional(),
  nodeName: z.string().optional(),
  targetRef: objectReference.optional(),
  zone: z.string().optional(),
});

const slicePort = z.strictObject({
  appProtocol: z.string().optional(),
  name: z.string().optional(),
  port: portNumber.optional(),
  protocol: z.enum(['TCP', 'UDP', 'SCTP']).optional(),
});

/** Kubernetes `discovery.k8s.io/v1` EndpointSlice, all fields of Kubernetes 1.34. */
export const endpointSliceSchema = z
  .strictObject({
    addressType: z.enum(['IPv4', 'IPv6', 'FQDN']),
    apiVersion: z.literal('discovery.k8s.io/v1'),
    // The API server writes `endpoints: null` for a slice without endpoints.
    endpoints: z.array(sliceEndpoint).max(1000).default([]),
    kind: z.literal('EndpointSlice'),
    metadata: objectMeta,
    ports: z.array(slicePort).max(20_000).default([]),
  })
  .superRefine((slice, context) => {
    reportDuplicates(context, ['ports'], slice.ports, 'name', (port) => port.name ?? '');
    if (slice.addressType === 'FQDN') return;
    const isAddress = slice.addressType === 'IPv4' ? isIPv4 : isIPv6;
    for (const [index, endpoint] of slice.endpoints.entries()) {
      for (const [at, address] of endpoint.addresses.entries()) {
        if (isAddress(address)) continue;
        context.addIssue({
          code: 'custom',
          path: ['endpoints', index, 'addresses', at],
          message: `${JSON.stringify(address)} is not an ${slice.addressType} address (addressType is ${slice.addressType}; ports stand under "ports")`,
        });
      }
    }
  });

export type EndpointSliceObject = z.infer<typeof endpointSliceSchema>;
export type SliceEndpointObject = z.infer<typeof sliceEndpoint>;
