/** Namespaces that something is there for; undefined means all. */
export type Audience = ReadonlySet<string> | undefined;

/** Istio `exportTo`: `*` all (also when absent), `.` its own namespace, `~` nobody, else names. */
export function readExportTo(exportTo: readonly string[] | undefined, namespace: string): Audience {
  if (exportTo === undefined || exportTo.length === 0 || exportTo.includes('*')) return undefined;
  return new Set(exportTo.filter((each) => each !== '~').map((each) => (each === '.' ? namespace : each)));
}

export function reaches(audience: Audience, namespace: string): boolean {
  return audience === undefined || audience.has(namespace);
}

/** Whether some namespace is in both. */
export function mayMeet(a: Audience, b: Audience): boolean {
  if (a === undefined) return b === undefined || b.size > 0;
  if (b === undefined) return a.size > 0;
  return [...a].some((namespace) => b.has(namespace));
}
