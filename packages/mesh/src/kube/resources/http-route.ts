import * as z from 'zod';
import { destination } from './destination.js';
import { headers } from './header-changes.js';
import { duration } from './duration.js';
import { httpMatch } from './http-match.js';
import { portNumber } from './metadata.js';
import { percent } from './percent.js';
import { codeOfName } from './grpc-code.js';
import { regex } from './regex.js';
import { retryOn } from './retry-on.js';
import { stringMatch } from './string-match.js';

const routeDestination = z.strictObject({
  destination,
  headers: headers.optional(),
  weight: z.int().min(0).max(2_147_483_647).optional(),
});

const redirect = z
  .strictObject({
    authority: z.string().optional(),
    derivePort: z.enum(['FROM_PROTOCOL_DEFAULT', 'FROM_REQUEST_PORT']).optional(),
    port: portNumber.optional(),
    prefixRewrite: z.string().optional(),
    redirectCode: z
      .int()
      .refine((code) => [301, 302, 303, 307, 308].includes(code), 'must be 301, 302, 303, 307 or 308')
      .optional(),
    scheme: z.string().optional(),
    uri: z.string().optional(),
  })
  .superRefine((value, context) => {
    if (value.port !== undefined && value.derivePort !== undefined) {
      context.addIssue({ code: 'custom', path: ['derivePort'], message: 'give either port or derivePort' });
    }
    if (value.uri !== undefined && value.prefixRewrite !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['prefixRewrite'],
        message: 'give either uri or prefixRewrite',
      });
    }
  });

const directResponse = z.strictObject({
  body: z
    .strictObject({ bytes: z.base64().optional(), string: z.string().optional() })
    .refine((body) => Object.keys(body).length <= 1, 'give either string or bytes')
    .optional(),
  status: z.int().min(200).max(599),
});

const rewrite = z
  .strictObject({
    authority: z.string().min(1).optional(),
    uri: z.string().min(1).optional(),
    uriRegexRewrite: z.strictObject({ match: regex, rewrite: z.string() }).optional(),
  })
  .refine(
    (value) => value.uri === undefined || value.uriRegexRewrite === undefined,
    'give either uri or uriRegexRewrite',
  );

const retries = z.strictObject({
  attempts: z.int().min(0).max(2_147_483_647).optional(),
  backoff: duration().optional(),
  perTryTimeout: duration({ minMs: 0 }).optional(),
  retryIgnorePreviousHosts: z.boolean().optional(),
  retryOn: retryOn.optional(),
  retryRemoteLocalities: z.boolean().optional(),
});

const delay = z
  .strictObject({
    exponentialDelay: duration().optional(),
    fixedDelay: duration().optional(),
    percent: z.int().min(0).max(100).optional(),
    percentage: percent.optional(),
  })
  .refine(
    (value) => value.fixedDelay !== undefined || value.exponentialDelay !== undefined,
    'says not how long; add fixedDelay',
  );

const abort = z
  .strictObject({
    grpcStatus: z
      .string()
      .refine((status) => (codeOfName(status) ?? 0) > 0, {
        error: ({ input }) =>
          `${JSON.stringify(input)} is no gRPC status of a failed call; write UNAVAILABLE, for example`,
      })
      .optional(),
    http2Error: z.string().optional(),
    httpStatus: z.int().min(200).max(599).optional(),
    percentage: percent.optional(),
  })
  .superRefine((value, context) => {
    const given = (['httpStatus', 'grpcStatus', 'http2Error'] as const).filter(
      (key) => value[key] !== undefined,
    );
    if (given.length === 1) return;
    const message =
      given.length === 0
        ? 'says not what to answer; add httpStatus or grpcStatus'
        : `give one of ${given.join(' and ')}`;
    context.addIssue({ code: 'custom', message });
  });

const corsPolicy = z.strictObject({
  allowCredentials: z.boolean().optional(),
  allowHeaders: z.array(z.string()).optional(),
  allowMethods: z.array(z.string()).optional(),
  allowOrigin: z.array(z.string()).optional(),
  allowOrigins: z.array(stringMatch).optional(),
  exposeHeaders: z.array(z.string()).optional(),
  maxAge: duration({ minMs: 0 }).optional(),
  unmatchedPreflights: z.enum(['UNSPECIFIED', 'FORWARD', 'IGNORE']).optional(),
});

/** Istio `HTTPRoute`: a rule, for all requests that one of `match` is for. */
export const httpRoute = z
  .strictObject({
    corsPolicy: corsPolicy.optional(),
    delegate: z.strictObject({ name: z.string().min(1), namespace: z.string().optional() }).optional(),
    directResponse: directResponse.optional(),
    fault: z.strictObject({ abort: abort.optional(), delay: delay.optional() }).optional(),
    headers: headers.optional(),
    match: z.array(httpMatch).optional(),
    mirror: destination.optional(),
    mirrorPercent: z.int().min(0).max(100).optional(),
    mirrorPercentage: percent.optional(),
    mirrors: z.array(z.strictObject({ destination, percentage: percent.optional() })).optional(),
    name: z.string().optional(),
    redirect: redirect.optional(),
    retries: retries.optional(),
    rewrite: rewrite.optional(),
    route: z.array(routeDestination).optional(),
    timeout: duration({ minMs: 0 }).optional(),
  })
  .superRefine((rule, context) => {
    const actions = (['route', 'redirect', 'directResponse', 'delegate'] as const).filter((key) =>
      key === 'route' ? (rule.route ?? []).length > 0 : rule[key] !== undefined,
    );
    const [, second] = actions;
    if (actions.length === 0) {
      context.addIssue({
        code: 'custom',
        message: 'says not what to do; add route, redirect, directResponse or delegate',
      });
    } else if (second !== undefined) {
      context.addIssue({ code: 'custom', path: [second], message: `stands beside ${actions[0]}; keep one` });
    }
    if ((rule.route ?? []).length > 1 && rule.route?.every(({ weight = 0 }) => weight === 0) === true) {
      context.addIssue({
        code: 'custom',
        path: ['route'],
        message:
          'all weights are 0, so nobody would get the calls; give a weight to at least one destination',
        params: { code: 'WEIR0105' },
      });
    }
    if (rule.mirror !== undefined && (rule.mirrors ?? []).length > 0) {
      context.addIssue({ code: 'custom', path: ['mirror'], message: 'stands beside mirrors; keep mirrors' });
    }
  });

export type HttpRouteObject = z.infer<typeof httpRoute>;
export type RouteDestinationObject = z.infer<typeof routeDestination>;
export type RetriesObject = z.infer<typeof retries>;
export type FaultObject = NonNullable<HttpRouteObject['fault']>;
export type RedirectObject = z.infer<typeof redirect>;
