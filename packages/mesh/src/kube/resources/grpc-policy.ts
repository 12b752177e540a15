import * as z from 'zod';
import { duration } from './duration.js';
import { grpcLoadBalancer } from './grpc-load-balancer.js';
import { objectMeta } from './metadata.js';
import { grpcFailure } from './retry-on.js';

/** `package.Service/Method`, with or without the slash before it that the `:path` has. */
const methodName = z
  .string()
  .regex(
    /^\/?[A-Za-z_][\w.]*\/[A-Za-z_]\w*$/,
    'must be package.Service/Method, as in helloworld.Greeter/SayHello',
  );

const targetRef = z.strictObject({
  group: z.literal('').optional(),
  kind: z.literal('Service'),
  method: methodName.optional(),
  name: z.string().min(1),
});

/** gRFC A6: hedging attempts are limited to 5, as retries are. */
const hedging = z.strictObject({ attempts: z.int().min(2).max(5), delay: duration({ minMs: 0 }) });

const retry = z.strictObject({
  attempts: z.int().min(0).max(10),
  backoff: duration().optional(),
  codes: z.array(grpcFailure).min(1),
  perTryTimeout: duration().optional(),
});

const rateLimit = z.strictObject({
  burst: z.int().min(1).max(4_294_967_295).optional(),
  requestsPerUnit: z.int().min(1).max(4_294_967_295),
  unit: z.enum(['second', 'minute', 'hour']),
});

const percentage = z.int().min(0).max(100);
const volume = {
  enforcing: percentage.optional(),
  minimumHosts: z.int().min(0).optional(),
  requestVolume: z.int().min(0).optional(),
};

const outlierDetection = z.strictObject({
  codes: z.array(grpcFailure).min(1).optional(),
  failurePercentage: z.strictObject({ ...volume, threshold: percentage.optional() }).optional(),
  successRate: z.strictObject({ ...volume, stdevFactor: z.number().min(0).max(1000).optional() }).optional(),
});

export const grpcPolicySpec = z.strictObject({
  hedging: hedging.optional(),
  idempotent: z.boolean().optional(),
  loadBalancer: grpcLoadBalancer.optional(),
  outlierDetection: outlierDetection.optional(),
  rateLimit: rateLimit.optional(),
  retry: retry.optional(),
  streamIdleTimeout: duration().optional(),
  streamMaxAge: duration().optional(),
  targetRef,
});

/** `weir.dev/v1` GRPCPolicy: what neither Istio nor the Gateway API can say of a gRPC service or method. */
export const grpcPolicySchema = z
  .strictObject({
    apiVersion: z.literal('weir.dev/v1'),
    kind: z.literal('GRPCPolicy'),
    metadata: objectMeta,
    spec: grpcPolicySpec,
    status: z.unknown().optional(),
  })
  .superRefine(({ spec }, context) => {
    if (Object.keys(spec).length === 1) {
      context.addIssue({
        code: 'custom',
        path: ['spec'],
        message: 'says nothing of its target; add retry, hedging, rateLimit or another field',
      });
    }
    if (spec.loadBalancer !== undefined && spec.targetRef.method !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['spec', 'loadBalancer'],
        message:
          'endpoints are chosen for a whole Service, not for a method; write it in a policy without targetRef.method',
      });
    }
    if (spec.outlierDetection !== undefined && spec.targetRef.method !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['spec', 'outlierDetection'],
        message:
          'endpoints are ejected from a whole Service, not from a method; write it in a policy without targetRef.method',
      });
    }
  });

export type GrpcOutlierObject = z.infer<typeof outlierDetection>;
export type GrpcPolicyObject = z.infer<typeof grpcPolicySchema>;
