import { InvalidArgumentError } from 'commander';
import type { Locality } from '../xds/generated/envoy.config.core.v3.js';

export type Labels = Readonly<Record<string, string>>;

export const NO_LABELS: Labels = {};

/** Takes one `key=value` of `--label` in. */
export function collectLabel(text: string, before: Labels): Labels {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('It must be key=value, as in app=web.');
  const key = text.slice(0, equals);
  if (Object.hasOwn(before, key)) throw new InvalidArgumentError(`There is a label ${key} already.`);
  return { ...before, [key]: text.slice(equals + 1) };
}

/** Parses `region`, `region/zone` or `region/zone/subzone`. */
export function parseLocality(text: string): Locality {
  const parts = text.split('/');
  const [region = '', zone = '', subZone = ''] = parts;
  if (region === '' || parts.length > 3) {
    throw new InvalidArgumentError(
      'It must be region/zone/subzone, of which the latter two may be left out.',
    );
  }
  return { region, zone, subZone };
}
