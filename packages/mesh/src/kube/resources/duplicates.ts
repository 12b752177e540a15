import type { RefinementCtx } from 'zod';

/** Adds an issue at each item of the list at `path` whose key was met before; `undefined` keys are not compared. */
export function reportDuplicates<T>(
  context: RefinementCtx,
  path: readonly string[],
  items: readonly T[],
  field: string,
  keyOf: (item: T) => string | undefined,
): void {
  const firstAt = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    const key = keyOf(item);
    if (key === undefined) continue;
    const first = firstAt.get(key);
    if (first === undefined) {
      firstAt.set(key, index);
      continue;
    }
    context.addIssue({
      code: 'custom',
      path: [...path, index, field],
      message: `${JSON.stringify(key)} is already used by ${path.join('.')}[${first}]`,
    });
  }
}
