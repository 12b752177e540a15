import { implemented, type FieldSupport } from './field-support.js';

/** Every field of a GRPCPolicy; the notes say what they mean. */
export const GRPC_POLICY_FIELDS: readonly FieldSupport[] = [
  implemented('spec.targetRef.group', 'Always empty: the core group.'),
  implemented('spec.targetRef.kind', 'Always `Service`.'),
  implemented(
    'spec.targetRef.name',
    'Name of a Service in the same namespace. The policy holds for all its clients.',
  ),
  implemented(
    'spec.targetRef.method',
    '`package.Service/Method`: the policy is for this method alone and goes before the policy of the Service, field by field.',
  ),
  implemented(
    'spec.hedging.delay',
    'Each attempt goes to another endpoint so long after the one before, or at once when one fails with a status of `retry.codes` (default `UNAVAILABLE`); any other status ends the call. The first good answer is the caller’s. `retry.perTryTimeout` holds for each attempt; the rest of `retry` does not.',
  ),
  implemented(
    'spec.hedging.attempts',
    'Attempts in all, from 2 to 5. Those after the first count as retries (`maxRetries`, `retryBudget`). A request longer than 64 KiB goes on with one attempt.',
  ),
  implemented(
    'spec.retry.codes',
    'gRPC statuses, by name or number, in the headers or the trailers of the response. `retry` replaces the `retries` of a VirtualService.',
  ),
  implemented('spec.retry.attempts', 'Attempts beyond the first.'),
  implemented('spec.retry.perTryTimeout', 'Time limit of each attempt; default none but the call’s.'),
  implemented(
    'spec.retry.backoff',
    'Base of the pauses, 25 ms when left out; they are random and grow to ten times it.',
  ),
  implemented('spec.rateLimit.requestsPerUnit', 'Calls that each proxy lets through in a `unit`.'),
  implemented('spec.rateLimit.unit', '`second`, `minute` or `hour`.'),
  implemented('spec.rateLimit.burst', 'Calls that are let through at once; default `requestsPerUnit`.'),
  implemented('spec.streamIdleTimeout', 'Time without a byte in either direction after which a call ends.'),
  implemented('spec.streamMaxAge', 'Time after which a call ends, however busy it is.'),
  implemented(
    'spec.idempotent',
    'Whether calls may be made twice. `false` forbids all attempts but those that provably were not processed, whatever else is written.',
  ),
  implemented(
    'spec.loadBalancer.p2cEwma.decay',
    '`p2cEwma: {}` is the default of `weir control`: of two random endpoints the one with less latency × calls in flight, where the latency is the worst of late. In this time it fades to 1/e; default 10 s. `loadBalancer` replaces `simple` and `consistentHash` of a DestinationRule; `warmup` counts with all algorithms but `random` and `weightedRoundRobin`.',
  ),
  implemented('spec.loadBalancer.p2cEwma.penalty', 'What a failed call counts as, at least; default 5 s.'),
  implemented(
    'spec.loadBalancer.p2cEwma.seed',
    'What an endpoint is taken to need as long as nothing is known of any; default 30 ms.',
  ),
  implemented(
    'spec.loadBalancer.p2cEwma.starvation',
    'So long an endpoint may be passed over before it is tried again; default 1 s.',
  ),
  implemented(
    'spec.loadBalancer.prequal.mode',
    'Prequal (NSDI 2024) asks endpoints all the time how many calls they work on and how long these take, and goes by the answers. `async`, the default, uses earlier answers; `sync` asks for each call and waits `probeTimeout` at most. Asked are the endpoints’ own sidecars (`weir proxy --inbound`) or `@weir/client`, never their applications.',
  ),
  implemented(
    'spec.loadBalancer.prequal.probesPerRequest',
    'How many endpoints are asked for each call; default 3, and 1 while more than a thousand calls are in flight.',
  ),
  implemented(
    'spec.loadBalancer.prequal.idleProbesPerSecond',
    'How many are asked without calls; default 10.',
  ),
  implemented('spec.loadBalancer.prequal.poolSize', 'Answers that are kept, at most; default 16.'),
  implemented('spec.loadBalancer.prequal.probeMaxAge', 'An older answer is not used; default 1 s.'),
  implemented(
    'spec.loadBalancer.prequal.hotQuantile',
    'An endpoint is hot when it works on more calls than this share of all; among the others the latency decides. Default 0.84.',
  ),
  implemented('spec.loadBalancer.prequal.penalty', 'What a failed call counts as; default 5 s.'),
  implemented('spec.loadBalancer.prequal.sampleSize', 'How many endpoints `sync` asks; default 3.'),
  implemented(
    'spec.loadBalancer.prequal.probeTimeout',
    'How long `sync` waits for all but one of them; default 3 ms.',
  ),
  implemented(
    'spec.loadBalancer.goZeroP2c',
    'go-zero’s `p2c_ewma` as published, for those who come from it. It has no settings.',
  ),
  implemented(
    'spec.loadBalancer.weightedRoundRobin.blackout',
    'Round robin by what endpoints report of themselves in ORCA load reports: calls per second through utilization (gRFC A58). So long reports must have come before they count; default 10 s.',
  ),
  implemented(
    'spec.loadBalancer.weightedRoundRobin.errorUtilizationPenalty',
    'How strongly failures lower the weight; default 1.',
  ),
  implemented(
    'spec.loadBalancer.weightedRoundRobin.expiration',
    'After so long without a report the weight is forgotten; default 3 minutes.',
  ),
  implemented(
    'spec.loadBalancer.weightedRoundRobin.update',
    'How often the weights are set anew; default 1 s.',
  ),
  implemented(
    'spec.loadBalancer.leastRequest.activeRequestBias',
    'How strongly calls in flight push a weight down where weights differ; default 1.',
  ),
  implemented(
    'spec.loadBalancer.leastRequest.choiceCount',
    'How many random endpoints are compared; default 2.',
  ),
  implemented(
    'spec.loadBalancer.subset.size',
    'Each proxy uses so many of the endpoints, the same after a restart if it has a `--node-id`: for Services with hundreds of endpoints and clients. Without an algorithm beside it the default.',
  ),
  implemented(
    'spec.loadBalancer.zoneAware.minClusterSize',
    '`zoneAware: {}` keeps calls within the zone of the caller (`--locality`) as far as its endpoints can bear them, by their number; with fewer endpoints than this all zones are one, default 6. Not beside `distribute`, which goes first.',
  ),
  implemented('spec.loadBalancer.roundRobin', 'In turn. It has no settings.'),
  implemented('spec.loadBalancer.random', 'It has no settings.'),
  implemented(
    'spec.outlierDetection.codes',
    'gRPC statuses that are errors, by name or number, in the headers or the trailers; the others are none. Default: those that stand for HTTP 500 and more. How many in a row eject, for how long and how often it is looked at is in the `outlierDetection` of a DestinationRule; without one, 5 in a row, 30 s, each 10 s.',
  ),
  implemented(
    'spec.outlierDetection.successRate.enforcing',
    'Percent of the ejections due that are carried out: of endpoints whose success rate is further below the mean of all than `stdevFactor` standard deviations. Default 100 when `successRate` is given; off when it is not.',
  ),
  implemented(
    'spec.outlierDetection.successRate.minimumHosts',
    'Endpoints with enough calls that it takes; default 5.',
  ),
  implemented(
    'spec.outlierDetection.successRate.requestVolume',
    'Calls in one interval that it takes to judge an endpoint; default 100.',
  ),
  implemented('spec.outlierDetection.successRate.stdevFactor', 'Default 1.9.'),
  implemented(
    'spec.outlierDetection.failurePercentage.enforcing',
    'Percent of the ejections due that are carried out: of endpoints that fail `threshold` percent of their calls or more, whatever the others do. Default 100 when `failurePercentage` is given; off when it is not.',
  ),
  implemented(
    'spec.outlierDetection.failurePercentage.minimumHosts',
    'Endpoints with enough calls that it takes; default 5.',
  ),
  implemented(
    'spec.outlierDetection.failurePercentage.requestVolume',
    'Calls in one interval that it takes to judge an endpoint; default 50.',
  ),
  implemented('spec.outlierDetection.failurePercentage.threshold', 'Default 85.'),
];
