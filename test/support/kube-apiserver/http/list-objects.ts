import { keyOf, type ApiObject, type Json } from '../objects/api-object.js';
import { inVersion } from '../objects/object-operations.js';
import { apiVersionOf, type ResourceType } from '../objects/resource-type.js';
import { parseFieldSelector, parseLabelSelector, type Selector } from '../objects/selector.js';
import { badRequest, expired, StatusError } from '../objects/status-error.js';
import type { Storage } from '../objects/storage.js';
import { metadataOf } from './metadata-only.js';

export interface Collection {
  readonly type: ResourceType;
  readonly version: string;
  /** `''`: all. */
  readonly namespace: string;
  /** `''`: all; a single object may be watched by its own path. */
  readonly name: string;
  readonly params: URLSearchParams;
  readonly metadataOnly: boolean;
}

interface ContinueToken {
  readonly rv: number;
  readonly start: string;
}

/** What of a collection the request selects. */
export function selectorOf({ namespace, name, params }: Collection): Selector {
  const labels = parseLabelSelector(params.get('labelSelector') ?? '');
  const fields = parseFieldSelector(params.get('fieldSelector') ?? '');
  return (object) =>
    (namespace === '' || object.metadata.namespace === namespace) &&
    (name === '' || object.metadata.name === name) &&
    labels(object.metadata.labels ?? {}) &&
    fields(object);
}

/** As it is sent: in the version asked for, and perhaps without spec and status. */
export function present(
  object: ApiObject,
  collection: Pick<Collection, 'type' | 'version' | 'metadataOnly'>,
): Json {
  return collection.metadataOnly ? metadataOf(object) : inVersion(object, collection);
}

/** Items of a typed list do not say again of which kind they are; those of custom kinds do. */
function presentItem(object: ApiObject, collection: Collection): Json {
  const presented = present(object, collection);
  if (collection.metadataOnly || collection.type.isCustom) return presented;
  const { apiVersion: _apiVersion, kind: _kind, ...rest } = presented;
  return rest;
}

/** Answers a list, page by page: all pages of one listing show the state of its first. */
export function listObjects(storage: Storage, collection: Collection): Json {
  const { type, version, params } = collection;
  const token = parseContinue(params.get('continue') ?? '');
  const revision = token?.rv ?? revisionAsked(storage, params);
  if (revision < storage.compactedRevision) {
    throw expired(
      token === undefined
        ? `The resourceVersion for the provided list is too old: ${revision}`
        : 'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.',
    );
  }
  const all = revision === storage.revision ? storage.list(type) : storage.listAt(type, revision);
  const selected = all.filter(selectorOf(collection));
  const left =
    token === undefined ? selected : selected.filter(({ metadata }) => keyOf(metadata) >= token.start);
  const limit = Number(params.get('limit') ?? 0);
  const page = limit > 0 ? left.slice(0, limit) : left;
  const next = left[page.length];
  return {
    kind: collection.metadataOnly ? 'PartialObjectMetadataList' : `${type.kind}List`,
    apiVersion: collection.metadataOnly ? 'meta.k8s.io/v1' : apiVersionOf(type, version),
    metadata: {
      resourceVersion: String(revision),
      ...(next !== undefined && {
        continue: formatContinue({ rv: revision, start: keyOf(next.metadata) }),
        remainingItemCount: left.length - page.length,
      }),
    },
    items: page.map((object) => presentItem(object, collection)),
  };
}

function revisionAsked(storage: Storage, params: URLSearchParams): number {
  const asked = params.get('resourceVersion') ?? '';
  if (asked === '' || asked === '0') return storage.revision;
  const revision = parseRevision(asked);
  if (revision > storage.revision) throw tooLarge(revision, storage.revision);
  return params.get('resourceVersionMatch') === 'Exact' ? revision : storage.revision;
}

export function parseRevision(text: string): number {
  if (!/^\d+$/.test(text))
    throw new StatusError(400, 'BadRequest', `Invalid value: ${JSON.stringify(text)}: strconv.ParseUint`);
  return Number(text);
}

function tooLarge(asked: number, current: number): StatusError {
  return new StatusError(
    504,
    'Timeout',
    `Timeout: Too large resource version: ${asked}, current: ${current}`,
    {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
  );
}

function formatContinue(token: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', ...token })).toString('base64url');
}

function parseContinue(text: string): ContinueToken | undefined {
  if (text === '') return undefined;
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString()) as ContinueToken;
  } catch {
    throw badRequest('continue key is not valid');
  }
}
