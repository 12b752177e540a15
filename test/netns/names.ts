/** `namespace/name` of an object. */
export function keyOf({
  name,
  namespace = 'default',
}: {
  readonly name: string;
  readonly namespace?: string;
}): string {
  return `${namespace}/${name}`;
}

/** Whether labels contain all that are wanted. */
export function hasLabels(
  labels: Readonly<Record<string, string>> = {},
  wanted: Readonly<Record<string, string>> = {},
): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}
