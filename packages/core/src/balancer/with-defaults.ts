/** Settings of which some are given; `undefined` is not given. */
export type Partly<Settings> = { readonly [Name in keyof Settings]?: Settings[Name] | undefined };

/** The settings that are given, and the defaults of the others; what is not among the defaults is left out. */
export function withDefaults<Settings extends object>(defaults: Settings, given: Partly<Settings>): Settings {
  const settings = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof Settings)[]) {
    const value = given[name];
    if (value !== undefined) settings[name] = value;
  }
  return settings;
}

/** @throws {RangeError} when it is not a number in this range */
export function checkSetting(policy: string, name: string, value: number, least: number, most: number): void {
  if (value >= least && value <= most) return;
  throw new RangeError(`${policy}: ${name} must be from ${least} to ${most}, not ${value}`);
}
