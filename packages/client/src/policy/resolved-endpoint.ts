import type { EndpointDetails, ResolvedEndpoint } from './policy.js';

/** An endpoint as grpc-js hands it round: from a resolver of ours, or from grpc-js-xds (`LocalityEndpoint`). */
export interface DetailedEndpoint {
  readonly addresses: readonly (
    { readonly host: string; readonly port: number } | { readonly path: string }
  )[];
  readonly weir?: EndpointDetails;
  readonly locality?: { readonly region: string; readonly zone: string; readonly sub_zone: string };
  /** Its own weight times that of its locality. */
  readonly endpointWeight?: number;
}

export function resolvedEndpoint(origin: DetailedEndpoint): ResolvedEndpoint {
  const { weir, locality, endpointWeight } = origin;
  const details = weir ?? {
    weight: Math.max(1, endpointWeight ?? 1),
    locality: locality === undefined ? '' : `${locality.region}/${locality.zone}/${locality.sub_zone}`,
    pod: '',
  };
  return { address: addressOf(origin), details, origin };
}

/** What an endpoint is known by: of several addresses the first. */
export function addressOf({ addresses: [first] }: DetailedEndpoint): string {
  if (first === undefined) return '';
  if ('path' in first) return first.path;
  return first.host.includes(':') ? `[${first.host}]:${first.port}` : `${first.host}:${first.port}`;
}
