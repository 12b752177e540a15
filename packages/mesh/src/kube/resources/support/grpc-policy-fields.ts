import { implemented, missing, type FieldSupport } from './field-support.js';

const NO_HEDGING =
  'a call is sent again only after an attempt has failed; where endpoints are slow use `retry` with a `perTryTimeout` and `DEADLINE_EXCEEDED` among its codes';

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
  missing('spec.hedging.delay', NO_HEDGING),
  missing('spec.hedging.attempts', NO_HEDGING),
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
];
