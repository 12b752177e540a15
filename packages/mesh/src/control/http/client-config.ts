import type { Node } from '../../xds/generated/envoy.config.core.v3.js';
import type { Resource } from '../../xds/resource.js';
import type { AdsStream } from '../../xds/server/ads-stream.js';
import type { Told } from '../../xds/server/told.js';
import type { TypeStream } from '../../xds/server/type-stream.js';
import type { Snapshot } from '../../xds/snapshot.js';
import { anyToJson } from '../../xds/to-json.js';
import { shortTypeName, type ResourceType } from '../../xds/type-urls.js';
import type { JsonObject } from '../../xds/struct.js';
import { podOf } from './describe-client.js';

/** A resource as a client holds it, beside what it would be sent now. */
export interface ComparedResource {
  /** Short name of the type. */
  readonly type: string;
  readonly name: string;
  /** Undefined: it has none. */
  readonly held: JsonObject | undefined;
  readonly heldVersion: string;
  /** Undefined: there is none. */
  readonly wanted: JsonObject | undefined;
  readonly wantedVersion: string;
  /** Why the client refused what it was sent last. */
  readonly refusal: string | undefined;
}

export interface ComparedClient {
  readonly node: string;
  readonly resources: readonly ComparedResource[];
}

/** What clients hold, as far as they have acknowledged it, and what the control plane has for them. */
export function* compareClients(
  streams: Iterable<AdsStream>,
  currentFor: (node: Node) => Snapshot | undefined,
  name: string,
): Iterable<ComparedClient> {
  for (const { node, engine } of streams) {
    if (node === undefined || engine === undefined || !isCalled(node, name)) continue;
    const snapshot = currentFor(node);
    const resources = engine.types().flatMap((type) => [...compareType(type, snapshot)]);
    yield { node: node.id ?? '', resources };
  }
}

/** By its id, its pod, or `pod.namespace`. */
function isCalled(node: Node, name: string): boolean {
  return [node.id, podOf(node), node.id?.split('~')[2]].includes(name);
}

function* compareType(type: TypeStream<never>, snapshot: Snapshot | undefined): Iterable<ComparedResource> {
  const { typeUrl, told, answers, subscription } = type;
  const existing = snapshot?.types[typeUrl].resources;
  const all = subscription?.wildcard === true ? (existing?.keys() ?? []) : [];
  for (const name of new Set([...told.keys(), ...(subscription?.names ?? []), ...all])) {
    const isRefused = answers.held.has(name);
    // What is on its way is not held yet.
    const before = answers.inFlight?.before;
    const held = isRefused ? answers.held.get(name) : before?.has(name) ? before.get(name) : told.get(name);
    const wanted = existing?.get(name);
    yield {
      type: shortTypeName(typeUrl),
      name,
      held: contentOf(held, typeUrl),
      heldVersion: held?.version ?? '',
      wanted: contentOf(wanted, typeUrl),
      wantedVersion: wanted?.version ?? '',
      refusal: isRefused ? answers.rejection?.message : undefined,
    };
  }
}

/** Of what a client had before it connected only the version is known. */
function contentOf(told: Told | undefined, typeUrl: ResourceType): JsonObject | undefined {
  if (told === undefined || told.version === '') return undefined;
  return isResource(told) ? anyToJson({ typeUrl, value: told.bytes }) : { version: told.version };
}

function isResource(told: Told): told is Resource {
  return 'bytes' in told;
}
