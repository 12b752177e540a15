import * as z from 'zod';

/** A field name as RFC 9110 5.6.2 has it (a token). */
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** RFC 9113 8.2.1: "A field value MUST NOT contain the zero value, line feed, or carriage return", nor begin or end with white space. */
const BAD_VALUE = /[\0\r\n]|^[ \t]|[ \t]$/;

function faultOfName(name: string): string | undefined {
  if (name.startsWith(':')) return 'headers beginning with ":" cannot be changed; use rewrite';
  return TOKEN.test(name) ? undefined : 'is not the name of a header: letters, digits and -_.~ only';
}

function faultOfValue(value: string): string | undefined {
  if (BAD_VALUE.test(value)) return 'a header cannot hold line breaks, nor begin or end with a space';
  // Istio passes values on to Envoy, which expands commands such as %REQ(x)% in them.
  if (value.replaceAll('%%', '').includes('%')) {
    return 'there are no %COMMANDS% in this version; write %% for a percent sign';
  }
  return undefined;
}

function headerValues(hostToo: boolean) {
  return z.record(z.string(), z.string()).superRefine((values, context) => {
    for (const [name, value] of Object.entries(values)) {
      const host = name.toLowerCase() === 'host' && !hostToo ? 'host cannot be changed here' : undefined;
      const message = host ?? faultOfName(name) ?? faultOfValue(value);
      if (message !== undefined) context.addIssue({ code: 'custom', path: [name], message });
    }
  });
}

const removedNames = z.array(z.string().min(1)).superRefine((names, context) => {
  names.forEach((name, at) => {
    const host = name.toLowerCase() === 'host' ? 'host cannot be removed' : undefined;
    const message = host ?? faultOfName(name);
    if (message !== undefined) context.addIssue({ code: 'custom', path: [at], message });
  });
});

function headerOperations(hostToo: boolean) {
  return z.strictObject({
    add: headerValues(false).optional(),
    remove: removedNames.optional(),
    set: headerValues(hostToo).optional(),
  });
}

/** Istio `Headers`. What the sidecar would have to refuse is refused here, where there is a file and a line. */
export const headers = z.strictObject({
  // `host` in `set` rewrites the authority, as in Istio.
  request: headerOperations(true).optional(),
  response: headerOperations(false).optional(),
});

export type HeadersObject = z.infer<typeof headers>;
export type HeaderOperationsObject = NonNullable<HeadersObject['request']>;
