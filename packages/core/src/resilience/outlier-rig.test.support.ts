import type { EndpointState } from '../endpoint/endpoint-state.js';
import { seededRandom } from '../random.js';
import { FakeClock, fakeHosts } from '../testing/index.js';
import { OutlierDetector } from './outlier-detector.js';
import { defaultOutlierSettings, type OutlierSettings } from './outlier-settings.js';

export const UNAVAILABLE = 14;

/** A detector over so many hosts, and what happens to them. */
export class OutlierRig {
  readonly clock = new FakeClock();
  readonly hosts: readonly EndpointState[];
  readonly detector: OutlierDetector;
  changes = 0;

  constructor(hosts: number, over: Partial<OutlierSettings> = {}, seed = 1) {
    this.hosts = fakeHosts(...Array.from({ length: hosts }, () => 1));
    const settings = { ...defaultOutlierSettings, ...over };
    this.detector = new OutlierDetector(settings, this.clock, seededRandom(seed), () => (this.changes += 1));
    this.detector.setHosts(this.hosts);
  }

  get ejected(): number[] {
    return this.hosts.flatMap(({ stats }, index) => (stats.ejected ? [index] : []));
  }

  grpc(host: number, code: number, times = 1): void {
    for (let time = 0; time < times; time++) this.detector.answered(this.hosts[host]!, 200, code);
  }

  http(host: number, status: number, times = 1): void {
    for (let time = 0; time < times; time++) this.detector.answered(this.hosts[host]!, status, undefined);
  }

  /** So many answers, of which so many percent are good. */
  rate(host: number, requests: number, percent: number): void {
    const good = (requests * percent) / 100;
    // Never five errors in a row: it is the rate that is to be looked at.
    for (let request = 0; request < requests; request++) {
      const isGood = Math.floor(((request + 1) * good) / requests) > Math.floor((request * good) / requests);
      this.grpc(host, isGood ? 0 : UNAVAILABLE);
    }
  }
}
