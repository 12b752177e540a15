import { RawDeltaClient } from '../../test/dist/support/ads.js';
import { TYPE_CLUSTER, TYPE_ENDPOINT } from 'weir/dist/xds/type-urls.js';

/** A client that has all clusters and all endpoints, accepts everything, and tells when what came. */
export class BenchClient {
  /** When the newest assignment of a cluster came. */
  #seenMs = new Map();
  #waiting = new Map();

  constructor(port) {
    this.raw = new RawDeltaClient(port);
    this.raw.call.on('data', () => this.#take());
    const node = { id: 'bench', metadata: { fields: { NAMESPACE: { stringValue: 'default' } } } };
    this.raw.request({ node, typeUrl: TYPE_CLUSTER, resourceNamesSubscribe: ['*'] });
    this.raw.request({ typeUrl: TYPE_ENDPOINT, resourceNamesSubscribe: ['*'] });
  }

  #take() {
    for (const response of this.raw.responses.splice(0)) {
      this.raw.ack(response);
      const nowMs = performance.now();
      for (const { name } of response.resources ?? []) {
        if (response.typeUrl !== TYPE_ENDPOINT) continue;
        this.#seenMs.set(name, nowMs);
        this.#waiting.get(name)?.(nowMs);
        this.#waiting.delete(name);
      }
    }
  }

  get assignments() {
    return this.#seenMs.size;
  }

  /** Milliseconds from now until the client has acknowledged news of a service. */
  latency(service, timeoutMs = 60_000) {
    const sinceMs = performance.now();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no news of ${service} in ${timeoutMs} ms`)),
        timeoutMs,
      );
      const seen = (nowMs) => {
        clearTimeout(timer);
        resolve(nowMs - sinceMs);
      };
      const name = `outbound|50051||${service}.default.svc.cluster.local`;
      const others = this.#waiting.get(name);
      this.#waiting.set(name, (nowMs) => {
        others?.(nowMs);
        seen(nowMs);
      });
    });
  }

  close() {
    this.raw.close();
  }
}
