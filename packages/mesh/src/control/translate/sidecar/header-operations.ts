import type { HeaderOperationsObject, HeadersObject } from '../../../kube/resources/header-changes.js';
import type { HeaderValueOption } from '../../../xds/generated/envoy.config.core.v3.js';

/** The fields by which routes and weighted clusters change headers. */
export interface HeaderChanges {
  readonly requestHeadersToAdd?: readonly HeaderValueOption[];
  readonly requestHeadersToRemove?: readonly string[];
  readonly responseHeadersToAdd?: readonly HeaderValueOption[];
  readonly responseHeadersToRemove?: readonly string[];
}

export interface TranslatedHeaders {
  readonly changes: HeaderChanges;
  /** The authority that `set` asks for: it is no header that can be set. */
  readonly authority: string | undefined;
}

export function translateHeaders(headers: HeadersObject | undefined): TranslatedHeaders {
  const request = headers?.request ?? {};
  const toAdd = additions(request);
  const toRemove = request.remove ?? [];
  const backToAdd = additions(headers?.response ?? {});
  const backToRemove = headers?.response?.remove ?? [];
  return {
    changes: {
      ...(toAdd.length > 0 && { requestHeadersToAdd: toAdd }),
      ...(toRemove.length > 0 && { requestHeadersToRemove: toRemove }),
      ...(backToAdd.length > 0 && { responseHeadersToAdd: backToAdd }),
      ...(backToRemove.length > 0 && { responseHeadersToRemove: backToRemove }),
    },
    authority: Object.entries(request.set ?? {}).find(([name]) => isAuthority(name))?.[1],
  };
}

/** `set` overwrites, `add` appends. */
function additions({ set = {}, add = {} }: HeaderOperationsObject): HeaderValueOption[] {
  return [...options(set, 'OVERWRITE_IF_EXISTS_OR_ADD'), ...options(add, 'APPEND_IF_EXISTS_OR_ADD')];
}

function options(
  headers: Readonly<Record<string, string>>,
  appendAction: NonNullable<HeaderValueOption['appendAction']>,
): HeaderValueOption[] {
  return Object.entries(headers)
    .filter(([name]) => !isAuthority(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => ({ header: { key, value }, appendAction }));
}

function isAuthority(name: string): boolean {
  return [':authority', 'host', 'authority'].includes(name.toLowerCase());
}
