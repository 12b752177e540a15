/** The fields that are set: absent and `undefined` are one to those who write and two to the compiler. */
export function setFields<Fields extends object>(
  fields: Fields,
): { readonly [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  const set: Partial<Record<keyof Fields, unknown>> = {};
  for (const name of Object.keys(fields) as (keyof Fields)[]) {
    if (fields[name] !== undefined) set[name] = fields[name];
  }
  return set as { readonly [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };
}
