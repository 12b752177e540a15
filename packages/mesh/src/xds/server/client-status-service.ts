import type { MethodDefinition, sendUnaryData, ServerDuplexStream, ServerUnaryCall } from '@grpc/grpc-js';
import type { Timestamp } from '../generated/google.protobuf.js';
import {
  decodeClientStatusRequest,
  encodeClientStatusRequest,
  encodeClientStatusResponse,
  type ClientConfig,
  type ClientConfig_GenericXdsConfig,
  type ClientStatusRequest,
} from '../generated/envoy.service.status.v3.js';
import type { Resource } from '../resource.js';
import type { AdsStream } from './ads-stream.js';
import { matchesNode } from './match-node.js';
import { streamMethod } from './service.js';
import type { Told } from './told.js';
import type { TypeStream } from './type-stream.js';

const SERVICE = '/envoy.service.status.v3.ClientStatusDiscoveryService';
export const CLIENT_STATUS_PATH = `${SERVICE}/FetchClientStatus`;

const streamClientStatus = streamMethod<ClientStatusRequest>(
  `${SERVICE}/StreamClientStatus`,
  encodeClientStatusRequest,
  decodeClientStatusRequest,
);
const fetchClientStatus: MethodDefinition<ClientStatusRequest, Buffer> = {
  ...streamClientStatus,
  path: CLIENT_STATUS_PATH,
  requestStream: false,
  responseStream: false,
};

export const clientStatusService = { streamClientStatus, fetchClientStatus };

/** CSDS: tells of each client what it was sent and what it said of it. */
export function clientStatusHandlers(streams: () => Iterable<AdsStream>) {
  const respond = (request: ClientStatusRequest): Buffer =>
    Buffer.from(encodeClientStatusResponse({ config: [...describeClients(streams(), request)] }));
  return {
    fetchClientStatus: (
      call: ServerUnaryCall<ClientStatusRequest, Buffer>,
      callback: sendUnaryData<Buffer>,
    ) => callback(null, respond(call.request)),
    streamClientStatus: (call: ServerDuplexStream<ClientStatusRequest, Buffer>) => {
      call.on('data', (request: ClientStatusRequest) => call.write(respond(request)));
      call.on('end', () => call.end());
      call.on('error', () => {});
    },
  };
}

function* describeClients(
  streams: Iterable<AdsStream>,
  request: ClientStatusRequest,
): Iterable<ClientConfig> {
  const { nodeMatchers = [], excludeResourceContents: brief = false } = request;
  for (const { node, engine } of streams) {
    if (node === undefined || engine === undefined) continue;
    // "The match follows OR semantics"; none at all asks for every client.
    if (nodeMatchers.length > 0 && !nodeMatchers.some((matcher) => matchesNode(node, matcher))) continue;
    yield { node, genericXdsConfigs: engine.types().flatMap((type) => [...describeType(type, brief)]) };
  }
}

function* describeType(type: TypeStream<never>, brief: boolean): Iterable<ClientConfig_GenericXdsConfig> {
  const { typeUrl, told, answers, subscription } = type;
  for (const [name, sent] of told) {
    const isHeld = answers.held.has(name);
    const content = isHeld ? answers.held.get(name) : sent;
    const isOnItsWay = answers.inFlight?.before.has(name) === true;
    yield {
      typeUrl,
      name,
      versionInfo: content?.version ?? '',
      configStatus: isHeld ? 'ERROR' : isOnItsWay ? 'STALE' : 'SYNCED',
      lastUpdated: timestamp(answers.sentWallMs),
      ...(!brief && isResource(content) && { xdsConfig: { typeUrl, value: content.bytes } }),
      ...(isHeld && {
        errorState: {
          details: answers.rejection?.message ?? '',
          versionInfo: sent.version,
          lastUpdateAttempt: timestamp(answers.rejection?.wallMs ?? 0),
          ...(!brief && isResource(sent) && { failedConfiguration: { typeUrl, value: sent.bytes } }),
        },
      }),
    };
  }
  for (const name of subscription?.names ?? [])
    if (!told.has(name)) yield { typeUrl, name, configStatus: 'NOT_SENT' };
}

function isResource(told: Told | undefined): told is Resource {
  return told !== undefined && 'bytes' in told;
}

function timestamp(wallMs: number): Timestamp {
  return { seconds: Math.floor(wallMs / 1000), nanos: (wallMs % 1000) * 1_000_000 };
}
