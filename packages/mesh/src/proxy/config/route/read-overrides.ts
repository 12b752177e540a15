import type { Overrides } from '@weir/core';
import type { Route } from '../../../xds/generated/envoy.config.route.v3.js';
import { readFilterSettings } from '../filter/read-filter-settings.js';
import type { Findings } from '../findings.js';
import { setFields } from '../set-fields.js';
import { readHeaderOperations } from './read-header-operations.js';

/** The fields that a route configuration, a virtual host, a route and a weighted cluster have in common. */
export type XdsOverrides = Pick<
  Route,
  | 'requestHeadersToAdd'
  | 'requestHeadersToRemove'
  | 'responseHeadersToAdd'
  | 'responseHeadersToRemove'
  | 'typedPerFilterConfig'
>;

/** Their names, for those who look for unknown ones. */
export const OVERRIDE_FIELDS: readonly string[] = [
  'requestHeadersToAdd',
  'requestHeadersToRemove',
  'responseHeadersToAdd',
  'responseHeadersToRemove',
  'typedPerFilterConfig',
];

/** Reads changes to headers, and settings of filters that count here instead of the listener's. */
export function readOverrides(path: string, message: XdsOverrides, findings: Findings): Overrides {
  const requestHeaders = readHeaderOperations(
    path,
    'request_headers',
    message.requestHeadersToRemove,
    message.requestHeadersToAdd,
    findings,
  );
  const responseHeaders = readHeaderOperations(
    path,
    'response_headers',
    message.responseHeadersToRemove,
    message.responseHeadersToAdd,
    findings,
  );
  const filters = readFilterSettings(path, message.typedPerFilterConfig, findings);
  return setFields({ requestHeaders, responseHeaders, ...filters });
}
