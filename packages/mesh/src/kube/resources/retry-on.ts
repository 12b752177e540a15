import * as z from 'zod';
import { nearest } from '../manifest/near-miss.js';
import { codeOfName, GRPC_CODE_NAMES } from './grpc-code.js';

/** gRPC statuses that Envoy's `retry_on` knows by name. */
export const GRPC_RETRY_WORDS: ReadonlyMap<string, number> = new Map([
  ['cancelled', 1],
  ['deadline-exceeded', 4],
  ['resource-exhausted', 8],
  ['internal', 13],
  ['unavailable', 14],
]);

/** What else Envoy's `retry_on` knows. */
const HTTP_RETRY_WORDS: readonly string[] = [
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'refused-stream',
  'retriable-4xx',
  'retriable-status-codes',
  'retriable-headers',
  'envoy-ratelimited',
  'http3-post-connect-failure',
];

const WORDS: readonly string[] = [...HTTP_RETRY_WORDS, ...GRPC_RETRY_WORDS.keys()];

/** The parts of a `retryOn`, without the spaces people write around them. */
export function splitRetryOn(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** An HTTP status code written as a number, or undefined. */
export function httpCodeOf(part: string): number | undefined {
  if (!/^\d+$/.test(part)) return undefined;
  const code = Number(part);
  return code >= 100 && code <= 599 ? code : undefined;
}

/** Istio `HTTPRetry.retry_on`: a list with commas, of Envoy's words and of HTTP status codes. */
export const retryOn = z.string().superRefine((text, context) => {
  for (const part of splitRetryOn(text)) {
    if (WORDS.includes(part) || httpCodeOf(part) !== undefined) continue;
    const meant = nearest(part, WORDS);
    let hint = `; known are ${WORDS.join(', ')} and HTTP status codes`;
    if (meant !== undefined) hint = `; did you mean ${JSON.stringify(meant)}?`;
    else if (codeOfName(part.toUpperCase().replaceAll('-', '_')) !== undefined)
      hint = `, which Envoy cannot retry on; a weir.dev GRPCPolicy can, with "codes: [${part.toUpperCase().replaceAll('-', '_')}]"`;
    context.addIssue({ code: 'custom', message: `unknown condition ${JSON.stringify(part)}${hint}` });
  }
});

/** A gRPC status, by name or number, that says something went wrong. */
export const grpcFailure = z.union([z.string(), z.int()]).superRefine((value, context) => {
  const code = codeOfName(String(value));
  if (code !== undefined && code > 0) return;
  const meant = nearest(String(value).toUpperCase(), GRPC_CODE_NAMES);
  const hint =
    meant === undefined
      ? `use one of ${GRPC_CODE_NAMES.slice(1).join(', ')}`
      : `did you mean ${JSON.stringify(meant)}?`;
  context.addIssue({
    code: 'custom',
    message: `${JSON.stringify(value)} is no gRPC status of a failed call; ${hint}`,
  });
});
