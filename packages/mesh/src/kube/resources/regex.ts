import { RE2JS } from 're2js';
import * as z from 'zod';

/**
 * A field that holds a regular expression in RE2's syntax, which matches in linear time: it has no
 * look-around and no back references.
 */
export const regex = z
  .string()
  .min(1)
  .superRefine((pattern, context) => {
    const fault = findRegexFault(pattern);
    if (fault === undefined) return;
    context.addIssue({
      code: 'custom',
      message: `${JSON.stringify(pattern)} is not a regular expression in RE2 syntax: ${fault}`,
    });
  });

function findRegexFault(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error);
  }
}

/** Whether `pattern` matches the whole of `text`, as Envoy's `safe_regex` does. */
export function matchesWhole(pattern: string, text: string): boolean {
  return RE2JS.matches(pattern, text);
}
