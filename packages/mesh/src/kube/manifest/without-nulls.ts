/** To Kubernetes a field that is null is a field that is absent; in a list a null stays, and is a mistake. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isMap(value)) return value;
  const kept: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) {
    // Not `kept[key] =`: a key named __proto__ must stay an ordinary (and unknown) field.
    if (field !== null)
      Object.defineProperty(kept, key, {
        value: withoutNulls(field),
        enumerable: true,
        writable: true,
        configurable: true,
      });
  }
  return kept;
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
