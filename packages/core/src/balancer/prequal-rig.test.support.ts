import type { EndpointState } from '../endpoint/endpoint-state.js';
import { emptyLoadReport, type LoadReport } from '../load/load-report.js';
import { seededRandom } from '../random.js';
import { FakeClock, fakeHosts } from '../testing/index.js';
import { anyHost } from './balancer.compliance.js';
import { PrequalBalancer } from './prequal.js';
import type { PrequalSettings } from './prequal-settings.js';

/** Requests in flight and latency, as a host answers; `undefined` when it does not. */
export type Said = readonly [requestsInFlight: number, latencyMs: number | undefined] | undefined;

export function reportOf(said: Said): LoadReport | undefined {
  return said && { ...emptyLoadReport, requestsInFlight: said[0], latencyMs: said[1] };
}

/** Hosts that answer probes when they are told to. */
export class Rig {
  readonly clock = new FakeClock();
  readonly hosts: EndpointState[];
  readonly said: Said[];
  readonly asked: number[] = [];
  readonly balancer: PrequalBalancer<EndpointState>;
  #pending: (() => void)[] = [];

  constructor(said: readonly Said[], settings: PrequalSettings = {}) {
    this.said = [...said];
    this.hosts = fakeHosts(...said.map(() => 1));
    this.balancer = this.create(settings);
  }

  create(settings: PrequalSettings = {}, seed = 1): PrequalBalancer<EndpointState> {
    const balancer = new PrequalBalancer<EndpointState>(settings, seededRandom(seed), this.clock, {
      probe: (host, onReply) => {
        const index = this.hosts.indexOf(host);
        this.asked.push(index);
        this.#pending.push(() => onReply(reportOf(this.said[index])));
      },
    });
    balancer.update(this.hosts);
    return balancer;
  }

  /** All probes that are on their way are answered. */
  answer(): void {
    for (const reply of this.#pending.splice(0)) reply();
  }

  /** As long as it takes until idle probing has asked everybody. */
  warmUp(): void {
    for (let step = 0; step < 60; step++) {
      this.clock.advance(100);
      this.answer();
    }
  }

  pick(): number {
    const picked = this.balancer.pick(anyHost)!;
    this.answer();
    return this.hosts.indexOf(picked);
  }

  end(index: number, failed = false, load?: LoadReport): void {
    const feedback = { latencyMs: 1, failed, grpcCode: failed ? 14 : 0, pushbackMs: undefined, load };
    this.balancer.onAttemptEnd(this.hosts[index]!, feedback);
  }
}
