import { GRPC_CODE_NAMES } from './grpc-code.js';

/** What is worth a retry (Envoy `x-envoy-retry-on`, `x-envoy-retry-grpc-on`). */
export interface RetryOn {
  readonly conditions: ReadonlySet<RetryCondition>;
  /** gRPC status codes, 1 to 16. */
  readonly grpcCodes: ReadonlySet<number>;
  /** HTTP status codes, 100 to 599 (`retriable_status_codes`). */
  readonly httpStatuses: ReadonlySet<number>;
}

const CONDITIONS = [
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'refused-stream',
  'retriable-4xx',
  'retriable-headers',
  'envoy-ratelimited',
] as const;

export type RetryCondition = (typeof CONDITIONS)[number];

/** Known, and without effect: it is about HTTP/3. */
const NEVER_HAPPENS = 'http3-post-connect-failure';

export interface ParsedRetryOn {
  readonly on: RetryOn;
  /** What was not understood, for the one who wrote it. */
  readonly unknown: readonly string[];
}

/**
 * Reads a list such as `5xx, unavailable,503`: Envoy's names for HTTP and gRPC, every gRPC code by its name
 * (Envoy knows five), and HTTP statuses as numbers (Istio).
 *
 * @param statuses what `retriable-status-codes` in the list stands for
 */
export function parseRetryOn(text: string, statuses: readonly number[] = []): ParsedRetryOn {
  const conditions = new Set<RetryCondition>();
  const grpcCodes = new Set<number>();
  const httpStatuses = new Set<number>();
  const unknown: string[] = [];
  for (const part of text.split(',')) {
    const word = part.trim();
    const condition = CONDITIONS.find((name) => name === word);
    const code = (GRPC_CODE_NAMES as readonly string[]).indexOf(word);
    if (condition !== undefined) conditions.add(condition);
    else if (code > 0) grpcCodes.add(code);
    else if (/^[1-5]\d\d$/.test(word)) httpStatuses.add(Number(word));
    else if (word === 'retriable-status-codes') for (const status of statuses) httpStatuses.add(status);
    else if (word !== '' && word !== NEVER_HAPPENS) unknown.push(word);
  }
  return { on: { conditions, grpcCodes, httpStatuses }, unknown };
}

/** The list in the words of `parseRetryOn`. */
export function formatRetryOn({ conditions, grpcCodes, httpStatuses }: RetryOn): string {
  const codes = [...grpcCodes].map((code) => GRPC_CODE_NAMES[code] ?? `gRPC status ${code}`);
  return [...conditions, ...codes, ...[...httpStatuses].map(String)].join(', ') || 'nothing';
}
