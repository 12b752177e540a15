// Many xDS clients in one process, each on a connection of its own and subscribed to some services by name.
import { FieldInterner } from 'weir/dist/http2/hpack/header-field.js';
import { SegmentPool } from 'weir/dist/http2/segment-pool.js';
import { systemClock } from 'weir/dist/system/clock.js';
import { FlushQueue } from 'weir/dist/transport/flush-queue.js';
import { adsOverHttp2 } from 'weir/dist/xds/client/ads-over-http2.js';
import {
  decodeDeltaDiscoveryResponse,
  decodeDiscoveryResponse,
  encodeDeltaDiscoveryRequest,
  encodeDiscoveryRequest,
} from 'weir/dist/xds/generated/envoy.service.discovery.v3.js';
import { TYPE_CLUSTER, TYPE_ENDPOINT, TYPE_LISTENER, TYPE_ROUTE } from 'weir/dist/xds/type-urls.js';
import { serviceName } from './registry.mjs';

const [count, services, perClient, port] = process.argv.slice(2, 6).map(Number);
const variant = process.argv[6];

const flushQueue = new FlushQueue();
const shared = {
  segments: new SegmentPool(),
  interner: new FieldInterner(),
  nowMs: () => systemClock.nowMs(),
};
const connect = adsOverHttp2({ variant, host: '127.0.0.1', port, clock: systemClock, flushQueue, shared });

/** By service: how often its endpoints came to any client since the last question, and when last. */
const arrivals = new Map();

class BenchClient {
  synced = 0;
  #node;
  #names;
  #stream;
  #first = true;

  constructor(index) {
    this.#node = {
      id: `proxyless~10.0.0.1~client-${index}.default~default.svc.cluster.local`,
      userAgentName: 'gRPC Go',
      userAgentVersion: '1.70.0',
    };
    const chosen = Array.from({ length: perClient }, (_, at) =>
      serviceName((index * perClient + at) % services),
    );
    const clusters = chosen.map((name) => `outbound|50051||${name}.default.svc.cluster.local`);
    this.#names = new Map([
      [TYPE_LISTENER, chosen.map((name) => `${name}.default:50051`)],
      [TYPE_ROUTE, clusters],
      [TYPE_CLUSTER, clusters],
      [TYPE_ENDPOINT, clusters],
    ]);
    this.open();
  }

  open() {
    this.synced = 0;
    this.#first = true;
    this.#stream = connect({
      onMessage: (bytes) => this.#receive(bytes),
      onEnd: () => setTimeout(() => this.open(), 200 + Math.random() * 800),
    });
    for (const typeUrl of this.#names.keys()) this.#send({ typeUrl });
  }

  #receive(bytes) {
    const response =
      variant === 'delta' ? decodeDeltaDiscoveryResponse(bytes) : decodeDiscoveryResponse(bytes);
    const { typeUrl, nonce, versionInfo, resources = [] } = response;
    this.#send({ typeUrl, responseNonce: nonce, versionInfo });
    if (typeUrl === TYPE_ENDPOINT) {
      this.synced += resources.length;
      const atNs = process.hrtime.bigint();
      for (const resource of resources) {
        const name = variant === 'delta' ? resource.name : nameIn(resource.value);
        const known = arrivals.get(name) ?? { count: 0, lastNs: 0n };
        known.count += 1;
        known.lastNs = atNs;
        arrivals.set(name, known);
      }
    }
  }

  #send({ typeUrl, responseNonce, versionInfo }) {
    const node = this.#first ? this.#node : undefined;
    this.#first = false;
    const names = this.#names.get(typeUrl);
    if (variant === 'delta') {
      const subscribe = responseNonce === undefined ? { resourceNamesSubscribe: names } : { responseNonce };
      this.#stream.send(encodeDeltaDiscoveryRequest({ node, typeUrl, ...subscribe }));
    } else {
      this.#stream.send(
        encodeDiscoveryRequest({ node, typeUrl, responseNonce, versionInfo, resourceNames: names }),
      );
    }
  }
}

function nameIn(value) {
  return Buffer.from(value.subarray(2, 2 + value[1])).toString();
}

const clients = Array.from({ length: count }, (_, index) => new BenchClient(index));

process.on('message', ({ id, op, service }) => {
  if (op === 'synced') {
    process.send({ id, synced: clients.filter((client) => client.synced >= perClient).length });
  } else if (op === 'arrived') {
    const name = `outbound|50051||${serviceName(service)}.default.svc.cluster.local`;
    const { count: times = 0, lastNs = 0n } = arrivals.get(name) ?? {};
    process.send({ id, count: times, lastNs: String(lastNs) });
  } else if (op === 'forget') {
    arrivals.clear();
    process.send({ id });
  }
});
process.send({ ready: true });
