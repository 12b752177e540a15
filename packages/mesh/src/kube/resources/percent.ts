import * as z from 'zod';

/** Istio `Percent`: `value` from 0 to 100, fractions allowed; absent means 0 in protobuf. */
export const percent = z.strictObject({ value: z.number().min(0).max(100).optional() });
