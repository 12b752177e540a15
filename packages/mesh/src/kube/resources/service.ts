import * as z from 'zod';
import { condition, objectMeta, portNumber, stringMap } from './metadata.js';
import { reportDuplicates } from './duplicates.js';

const servicePort = z.strictObject({
  appProtocol: z.string().optional(),
  name: z.string().optional(),
  nodePort: z.int().min(0).max(65535).optional(),
  port: portNumber,
  protocol: z.enum(['TCP', 'UDP', 'SCTP']).optional(),
  targetPort: z.union([z.int().min(0).max(65535), z.string()]).optional(),
});

const serviceSpec = z.strictObject({
  allocateLoadBalancerNodePorts: z.boolean().optional(),
  clusterIP: z.string().optional(),
  clusterIPs: z.array(z.string()).optional(),
  externalIPs: z.array(z.string()).optional(),
  externalName: z.string().optional(),
  externalTrafficPolicy: z.enum(['Cluster', 'Local']).optional(),
  healthCheckNodePort: z.int().optional(),
  internalTrafficPolicy: z.enum(['Cluster', 'Local']).optional(),
  ipFamilies: z.array(z.enum(['IPv4', 'IPv6'])).optional(),
  ipFamilyPolicy: z.enum(['SingleStack', 'PreferDualStack', 'RequireDualStack']).optional(),
  loadBalancerClass: z.string().optional(),
  loadBalancerIP: z.string().optional(),
  loadBalancerSourceRanges: z.array(z.string()).optional(),
  ports: z.array(servicePort).optional(),
  publishNotReadyAddresses: z.boolean().optional(),
  selector: stringMap.optional(),
  sessionAffinity: z.enum(['None', 'ClientIP']).optional(),
  sessionAffinityConfig: z
    .strictObject({ clientIP: z.strictObject({ timeoutSeconds: z.int().optional() }).optional() })
    .optional(),
  topologyKeys: z.array(z.string()).optional(),
  trafficDistribution: z.string().optional(),
  type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName']).optional(),
});

const serviceStatus = z.strictObject({
  conditions: z.array(condition).optional(),
  loadBalancer: z
    .strictObject({
      ingress: z
        .array(
          z.strictObject({
            hostname: z.string().optional(),
            ip: z.string().optional(),
            ipMode: z.string().optional(),
            ports: z
              .array(z.strictObject({ error: z.string().optional(), port: z.int(), protocol: z.string() }))
              .optional(),
          }),
        )
        .optional(),
    })
    .optional(),
});

/** Kubernetes `v1` Service, all fields of Kubernetes 1.34. */
export const serviceSchema = z
  .strictObject({
    apiVersion: z.literal('v1'),
    kind: z.literal('Service'),
    metadata: objectMeta,
    spec: serviceSpec.default({}),
    status: serviceStatus.optional(),
  })
  .superRefine((service, context) => {
    const ports = service.spec.ports ?? [];
    for (const [index, port] of ports.entries()) {
      if (ports.length > 1 && (port.name ?? '') === '') {
        context.addIssue({
          code: 'custom',
          path: ['spec', 'ports', index],
          message: 'a port of a Service with several ports needs a name',
        });
      }
    }
    reportDuplicates(context, ['spec', 'ports'], ports, 'name', (port) => port.name);
    reportDuplicates(
      context,
      ['spec', 'ports'],
      ports,
      'port',
      (port) => `${port.protocol ?? 'TCP'}/${port.port}`,
    );
  });

export type ServiceObject = z.infer<typeof serviceSchema>;
export type ServicePortObject = z.infer<typeof servicePort>;
