import * as z from 'zod';
import { regex } from './regex.js';

/** Istio `StringMatch`. Without any of the three it asks for presence, where there can be absence. */
export const stringMatch = z
  .strictObject({
    exact: z.string().optional(),
    prefix: z.string().optional(),
    regex: regex.optional(),
  })
  .superRefine((match, context) => {
    const [first, second] = Object.keys(match);
    if (second === undefined) return;
    context.addIssue({
      code: 'custom',
      path: [second],
      message: `there is already ${JSON.stringify(first)}; give one of exact, prefix and regex`,
    });
  });

/** The same for what every request has, so that presence would say nothing. */
export const valueMatch = stringMatch.superRefine((match, context) => {
  if ((match.exact ?? '') !== '' || (match.prefix ?? '') !== '' || match.regex !== undefined) return;
  context.addIssue({ code: 'custom', message: 'says nothing to compare with; give exact, prefix or regex' });
});

export type StringMatchObject = z.infer<typeof stringMatch>;
