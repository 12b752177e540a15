import * as z from 'zod';
import { portNumber, stringMap } from './metadata.js';
import { stringMatch, valueMatch } from './string-match.js';

/**
 * Header names as keys; they must be lower case, as on the wire. Pseudo headers have fields of their own.
 * Istio `HTTPMatchRequest.headers`: "The keys `uri`, `scheme`, `method`, and `authority` will be ignored."
 */
const headerMatches = z.record(z.string(), stringMatch).superRefine((matches, context) => {
  for (const name of Object.keys(matches)) {
    const fault = findNameFault(name);
    if (fault !== undefined) context.addIssue({ code: 'custom', path: [name], message: fault });
  }
});

const OWN_FIELDS: ReadonlySet<string> = new Set(['uri', 'scheme', 'method', 'authority']);

function findNameFault(name: string): string | undefined {
  if (name !== name.toLowerCase())
    return `header names are lower case; write ${JSON.stringify(name.toLowerCase())}`;
  if (OWN_FIELDS.has(name.replace(/^:/, ''))) return `is no header; move it out of "headers", beside it`;
  if (name === '' || name.startsWith(':')) return `${JSON.stringify(name)} is no header name`;
  return undefined;
}

/** Istio `HTTPMatchRequest`: everything in it must hold. */
export const httpMatch = z.strictObject({
  authority: valueMatch.optional(),
  gateways: z.array(z.string().min(1)).optional(),
  headers: headerMatches.optional(),
  ignoreUriCase: z.boolean().optional(),
  method: valueMatch.optional(),
  name: z.string().optional(),
  port: portNumber.optional(),
  queryParams: z.record(z.string().min(1), stringMatch).optional(),
  scheme: valueMatch.optional(),
  sourceLabels: stringMap.optional(),
  sourceNamespace: z.string().optional(),
  statPrefix: z.string().optional(),
  uri: valueMatch.optional(),
  withoutHeaders: headerMatches.optional(),
});

export type HttpMatchObject = z.infer<typeof httpMatch>;
