/** What is worth a retry (Envoy `x-envoy-retry-on`, `x-envoy-retry-grpc-on`). */
export interface RetryOn {
  readonly conditions: ReadonlySet<RetryCondition>;
  /** gRPC status codes, 1 to 16. */
  readonly grpcCodes: ReadonlySet<number>;
  /** HTTP status codes, 100 to 599 (`retriable_status_codes`). */
  readonly httpStatuses: ReadonlySet<number>;
}

export type RetryCondition =
  | '5xx'
  | 'gateway-error'
  | 'reset'
  | 'reset-before-request'
  | 'connect-failure'
  | 'refused-stream'
  | 'retriable-4xx'
  | 'retriable-headers'
  | 'envoy-ratelimited';
