import * as z from 'zod';
import { duration } from './duration.js';

const SIMPLE = [
  'UNSPECIFIED',
  'LEAST_CONN',
  'RANDOM',
  'PASSTHROUGH',
  'ROUND_ROBIN',
  'LEAST_REQUEST',
] as const;

/** Envoy `RingHashLbConfig`, "Defaults to 1024 entries, and limited to 8M entries". */
const ringSize = z.int().min(0).max(8_388_608);

/** Istio: "the table size must be a prime number"; Envoy: "limited to 5000011". */
const tableSize = z
  .int()
  .max(5_000_011)
  .refine(isPrime, { error: ({ input }) => `must be a prime number, which ${String(input)} is not` });

const consistentHash = z
  .strictObject({
    httpCookie: z
      .strictObject({
        attributes: z
          .array(z.strictObject({ name: z.string().min(1), value: z.string().optional() }))
          .optional(),
        name: z.string().min(1),
        path: z.string().optional(),
        ttl: duration({ minMs: 0 }).optional(),
      })
      .optional(),
    httpHeaderName: z.string().min(1).optional(),
    httpQueryParameterName: z.string().min(1).optional(),
    maglev: z.strictObject({ tableSize: tableSize.optional() }).optional(),
    minimumRingSize: ringSize.optional(),
    ringHash: z.strictObject({ minimumRingSize: ringSize.optional() }).optional(),
    useSourceIp: z.boolean().optional(),
  })
  .superRefine((hash, context) => {
    const keys = (['httpHeaderName', 'httpCookie', 'useSourceIp', 'httpQueryParameterName'] as const).filter(
      (key) => hash[key] !== undefined,
    );
    if (keys.length !== 1) {
      const message =
        keys.length === 0
          ? 'says not what is hashed; add httpHeaderName, httpCookie, useSourceIp or httpQueryParameterName'
          : `give one of ${keys.join(' and ')}`;
      context.addIssue({ code: 'custom', message });
    }
    if (hash.ringHash !== undefined && hash.maglev !== undefined) {
      context.addIssue({ code: 'custom', path: ['maglev'], message: 'give either ringHash or maglev' });
    }
  });

const locality = z
  .string()
  .regex(/^[^/]+(\/[^/]+){0,2}$/, 'must be region, region/zone or region/zone/subzone; the last may be *');

const distribute = z
  .strictObject({ from: locality, to: z.record(locality, z.int().min(0).max(100)) })
  .superRefine(({ to }, context) => {
    const sum = Object.values(to).reduce((total, weight) => total + weight, 0);
    if (sum === 100) return;
    context.addIssue({ code: 'custom', path: ['to'], message: `the weights must add up to 100, not ${sum}` });
  });

const failover = z
  .strictObject({ from: z.string().min(1), to: z.string().min(1) })
  .refine(({ from, to }) => from !== to, 'from and to are the same region');

const localityLbSetting = z
  .strictObject({
    distribute: z.array(distribute).optional(),
    enabled: z.boolean().optional(),
    failover: z.array(failover).optional(),
    failoverPriority: z.array(z.string().min(1)).optional(),
  })
  .superRefine((setting, context) => {
    const given = (['distribute', 'failover', 'failoverPriority'] as const).filter(
      (key) => (setting[key] ?? []).length > 0,
    );
    if (given.includes('distribute') && given.length > 1) {
      context.addIssue({
        code: 'custom',
        path: ['distribute'],
        message: `stands beside ${given[1]}; calls are either distributed or fail over: keep one`,
      });
    }
  });

/** Istio `LoadBalancerSettings`. */
export const loadBalancer = z
  .strictObject({
    consistentHash: consistentHash.optional(),
    localityLbSetting: localityLbSetting.optional(),
    simple: z.enum(SIMPLE).optional(),
    warmup: z
      .strictObject({
        aggression: z.number().min(1).optional(),
        duration: duration(),
        minimumPercent: z.number().min(0).max(100).optional(),
      })
      .optional(),
    warmupDurationSecs: duration().optional(),
    zoneAwareLbSetting: z
      .strictObject({
        enabled: z.boolean().optional(),
        failover: z.array(failover).optional(),
        failoverPriority: z.array(z.string()).optional(),
        minClusterSize: z.int().min(0).optional(),
      })
      .optional(),
  })
  .superRefine((settings, context) => {
    if (settings.simple !== undefined && settings.consistentHash !== undefined) {
      context.addIssue({ code: 'custom', path: ['simple'], message: 'give either simple or consistentHash' });
    }
    const { warmup, warmupDurationSecs, consistentHash: hash, simple } = settings;
    const warms = warmup !== undefined || warmupDurationSecs !== undefined;
    if (warms && (hash !== undefined || simple === 'RANDOM')) {
      const path = [warmup === undefined ? 'warmupDurationSecs' : 'warmup'];
      context.addIssue({ code: 'custom', path, message: 'only ROUND_ROBIN and LEAST_REQUEST can warm up' });
    }
  });

export type LoadBalancerObject = z.infer<typeof loadBalancer>;
export type ConsistentHashObject = z.infer<typeof consistentHash>;
export type LocalityLbObject = z.infer<typeof localityLbSetting>;

function isPrime(candidate: number): boolean {
  if (candidate < 2) return false;
  for (let divisor = 2; divisor * divisor <= candidate; divisor++)
    if (candidate % divisor === 0) return false;
  return true;
}
