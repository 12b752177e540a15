import * as z from 'zod';
import { portSelector } from './destination.js';
import { duration } from './duration.js';
import { loadBalancer } from './load-balancer.js';
import { portNumber } from './metadata.js';

const int32 = z.int().min(0).max(2_147_483_647);
const uint32 = z.int().min(0).max(4_294_967_295);
const percentage = z.int().min(0).max(100);

const connectionPool = z.strictObject({
  http: z
    .strictObject({
      h2UpgradePolicy: z.enum(['DEFAULT', 'DO_NOT_UPGRADE', 'UPGRADE']).optional(),
      http1MaxPendingRequests: int32.optional(),
      http2KeepAlive: z.strictObject({ interval: duration(), timeout: duration().optional() }).optional(),
      http2MaxRequests: int32.optional(),
      idleTimeout: duration({ minMs: 0 }).optional(),
      maxConcurrentStreams: int32.optional(),
      maxRequestsPerConnection: int32.optional(),
      maxRetries: int32.optional(),
      useClientProtocol: z.boolean().optional(),
    })
    .optional(),
  tcp: z
    .strictObject({
      connectTimeout: duration().optional(),
      idleTimeout: duration({ minMs: 0 }).optional(),
      maxConnectionDuration: duration().optional(),
      maxConnections: int32.optional(),
      tcpKeepalive: z
        .strictObject({
          interval: duration({ minMs: 1000 }).optional(),
          probes: uint32.optional(),
          time: duration({ minMs: 1000 }).optional(),
        })
        .optional(),
    })
    .optional(),
});

const outlierDetection = z.strictObject({
  baseEjectionTime: duration().optional(),
  consecutive5xxErrors: uint32.optional(),
  consecutiveErrors: int32.optional(),
  consecutiveGatewayErrors: uint32.optional(),
  consecutiveLocalOriginFailures: uint32.optional(),
  interval: duration().optional(),
  maxEjectionPercent: percentage.optional(),
  minHealthPercent: percentage.optional(),
  outlierDetectionHttpErrorCodes: z.array(z.int().min(100).max(599)).optional(),
  splitExternalLocalOriginErrors: z.boolean().optional(),
});

const clientTls = z.strictObject({
  caCertificates: z.string().optional(),
  caCrl: z.string().optional(),
  clientCertificate: z.string().optional(),
  credentialName: z.string().optional(),
  insecureSkipVerify: z.boolean().optional(),
  mode: z.enum(['DISABLE', 'SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL']).optional(),
  privateKey: z.string().optional(),
  sni: z.string().optional(),
  subjectAltNames: z.array(z.string()).optional(),
});

const common = {
  connectionPool: connectionPool.optional(),
  loadBalancer: loadBalancer.optional(),
  outlierDetection: outlierDetection.optional(),
  tls: clientTls.optional(),
};

const portTrafficPolicy = z.strictObject({ ...common, port: portSelector });

/** Istio `TrafficPolicy`. */
export const trafficPolicy = z.strictObject({
  ...common,
  portLevelSettings: z.array(portTrafficPolicy).optional(),
  proxyProtocol: z.strictObject({ version: z.enum(['V1', 'V2']).optional() }).optional(),
  retryBudget: z
    .strictObject({
      budgetInterval: duration({ minMs: 0 }).optional(),
      minRetryConcurrency: uint32.optional(),
      percent: z.number().min(0).max(100).optional(),
    })
    .optional(),
  tunnel: z
    .strictObject({
      protocol: z.string().optional(),
      targetHost: z.string().min(1),
      targetPort: portNumber,
    })
    .optional(),
});

export type TrafficPolicyObject = z.infer<typeof trafficPolicy>;
export type PortTrafficPolicyObject = z.infer<typeof portTrafficPolicy>;
export type ConnectionPoolObject = z.infer<typeof connectionPool>;
export type OutlierDetectionObject = z.infer<typeof outlierDetection>;
