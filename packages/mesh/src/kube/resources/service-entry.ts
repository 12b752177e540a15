import { isIP } from 'node:net';
import * as z from 'zod';
import { condition, objectMeta, portNumber, stringMap } from './metadata.js';
import { reportDuplicates } from './duplicates.js';

/** The protocol words Istio accepts for a ServiceEntry port, in any case (`pkg/config/protocol` Parse). */
const PROTOCOLS = [
  'HTTP',
  'HTTP_PROXY',
  'HTTP2',
  'HTTPS',
  'GRPC',
  'GRPC-WEB',
  'MONGO',
  'MYSQL',
  'REDIS',
  'TCP',
  'TLS',
  'UDP',
];

const entryPort = z.strictObject({
  name: z.string().min(1),
  number: portNumber,
  protocol: z
    .string()
    .refine((protocol) => protocol === '' || PROTOCOLS.includes(protocol.toUpperCase()), {
      error: (issue) => `unknown protocol ${JSON.stringify(issue.input)}; use one of ${PROTOCOLS.join(', ')}`,
    })
    .optional(),
  targetPort: z.int().min(0).max(65535).optional(),
});

const workloadEntry = z.strictObject({
  address: z.string().optional(),
  labels: stringMap.optional(),
  locality: z.string().optional(),
  network: z.string().optional(),
  ports: z.record(z.string(), portNumber).optional(),
  serviceAccount: z.string().optional(),
  weight: z.int().min(0).max(4_294_967_295).optional(),
});

export const serviceEntrySpec = z.strictObject({
  addresses: z.array(z.string()).optional(),
  endpoints: z.array(workloadEntry).optional(),
  exportTo: z.array(z.string()).optional(),
  hosts: z.array(z.string().min(1)).min(1),
  location: z.enum(['MESH_EXTERNAL', 'MESH_INTERNAL']).optional(),
  ports: z.array(entryPort).optional(),
  // `NONE` is the default of the proto enum.
  resolution: z.enum(['NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN', 'DYNAMIC_DNS']).default('NONE'),
  subjectAltNames: z.array(z.string()).optional(),
  workloadSelector: z.strictObject({ labels: stringMap.optional() }).optional(),
});

const serviceEntryStatus = z.strictObject({
  addresses: z
    .array(z.strictObject({ host: z.string().optional(), value: z.string().optional() }))
    .optional(),
  conditions: z.array(condition).optional(),
  observedGeneration: z.union([z.int(), z.string()]).optional(),
  validationMessages: z.array(z.unknown()).optional(),
});

/** Istio `networking.istio.io` ServiceEntry; v1, v1beta1 and v1alpha3 have the same fields. */
export const serviceEntrySchema = z
  .strictObject({
    apiVersion: z.enum([
      'networking.istio.io/v1',
      'networking.istio.io/v1beta1',
      'networking.istio.io/v1alpha3',
    ]),
    kind: z.literal('ServiceEntry'),
    metadata: objectMeta,
    spec: serviceEntrySpec,
    status: serviceEntryStatus.optional(),
  })
  .superRefine(({ spec }, context) => {
    const ports = spec.ports ?? [];
    reportDuplicates(context, ['spec', 'ports'], ports, 'name', (port) => port.name);
    reportDuplicates(context, ['spec', 'ports'], ports, 'number', (port) => String(port.number));
    if (spec.resolution === 'NONE' && (spec.endpoints ?? []).length > 0) {
      context.addIssue({
        code: 'custom',
        path: ['spec', 'resolution'],
        message: 'endpoints are only used with "resolution: STATIC"; add it',
      });
    }
    if (spec.resolution !== 'STATIC') return;
    for (const [index, endpoint] of (spec.endpoints ?? []).entries()) {
      if (isIP(endpoint.address ?? '') === 0) {
        context.addIssue({
          code: 'custom',
          path: ['spec', 'endpoints', index, 'address'],
          message: `with "resolution: STATIC" an endpoint needs an IP address, not ${JSON.stringify(endpoint.address ?? '')}`,
        });
      }
      for (const name of Object.keys(endpoint.ports ?? {})) {
        if (ports.some((port) => port.name === name)) continue;
        context.addIssue({
          code: 'custom',
          path: ['spec', 'endpoints', index, 'ports', name],
          message: `there is no port named ${JSON.stringify(name)} in spec.ports`,
        });
      }
    }
  });

export type ServiceEntryObject = z.infer<typeof serviceEntrySchema>;
