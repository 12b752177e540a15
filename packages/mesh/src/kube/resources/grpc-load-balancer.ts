import * as z from 'zod';
import { duration } from './duration.js';

const p2cEwma = z.strictObject({
  decay: duration().optional(),
  penalty: duration().optional(),
  seed: duration().optional(),
  starvation: duration().optional(),
});

const share = z.number().min(0).max(1);
const perRequest = z.number().min(0).max(16);

/** The ranges are those of the algorithm; what only somebody who studies it would change is left to xDS. */
const prequal = z.strictObject({
  hotQuantile: share.optional(),
  idleProbesPerSecond: z.number().min(0).max(1000).optional(),
  mode: z.enum(['async', 'sync']).optional(),
  penalty: duration({ minMs: 0 }).optional(),
  poolSize: z.int().min(2).max(64).optional(),
  probeMaxAge: duration().optional(),
  probeTimeout: duration().optional(),
  probesPerRequest: perRequest.optional(),
  sampleSize: z.int().min(2).max(16).optional(),
});

/** gRFC A58; the shortest `update` is the library's and Envoy's. */
const weightedRoundRobin = z.strictObject({
  blackout: duration({ minMs: 0 }).optional(),
  errorUtilizationPenalty: z.number().min(0).optional(),
  expiration: duration().optional(),
  update: duration({ minMs: 100 }).optional(),
});

/** Envoy `LeastRequestLbConfig`. */
const leastRequest = z.strictObject({
  activeRequestBias: z.number().min(0).optional(),
  choiceCount: z.int().min(2).max(100).optional(),
});

/** Of an algorithm that nothing can be said of. */
export const noSettings = z.strictObject({});

/** How an endpoint is chosen for each call: one of the algorithms, or the default, and which endpoints it is left. */
export const grpcLoadBalancer = z
  .strictObject({
    goZeroP2c: noSettings.optional(),
    leastRequest: leastRequest.optional(),
    p2cEwma: p2cEwma.optional(),
    prequal: prequal.optional(),
    random: noSettings.optional(),
    roundRobin: noSettings.optional(),
    subset: z.strictObject({ size: z.int().min(1) }).optional(),
    weightedRoundRobin: weightedRoundRobin.optional(),
    zoneAware: z.strictObject({ minClusterSize: z.int().min(0).optional() }).optional(),
  })
  .superRefine((settings, context) => {
    const { subset, zoneAware, ...algorithms } = settings;
    const given = Object.entries(algorithms).filter(([, value]) => value !== undefined);
    if (given.length === 1 || (given.length === 0 && (subset ?? zoneAware) !== undefined)) return;
    const message =
      given.length === 0
        ? 'says nothing; add one of p2cEwma, prequal, goZeroP2c, weightedRoundRobin, leastRequest, roundRobin, random, as in `p2cEwma: {}`'
        : `give one of ${given.map(([name]) => name).join(' and ')}`;
    context.addIssue({ code: 'custom', message });
  });

export type GrpcLoadBalancerObject = z.infer<typeof grpcLoadBalancer>;
