import { describe, it } from 'node:test';
import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { LoadReport } from '../load/load-report.js';
import { seededRandom } from '../random.js';
import { assertAllocatesNothing } from '../testing/allocation.compliance.js';
import { fakeHosts } from '../testing/index.js';
import { anyHost, RunningClock } from './balancer.compliance.js';
import { PrequalBalancer } from './prequal.js';
import { reportOf } from './prequal-rig.test.support.js';

// In a file, which is a process, of its own: where another clock has been used as well, the engine need not inline
// the look at it, and puts what it says on the heap.

// Whether it does even then is up to when the compiler comes to it, which a busy machine decides.
const ONE_BOXED_NUMBER = 16.5;

describe('prequal', () => {
  it('allocates nothing to pick by answers and to ask for more', () => {
    for (const count of [3, 40, 400]) {
      const hosts = fakeHosts(...Array.from({ length: count }, () => 1));
      for (const { stats } of hosts) stats.inFlight = 3;
      const report = reportOf([1, 10.5])!;
      const replies: ((report: LoadReport | undefined) => void)[] = [];
      const settings = { idleProbesPerSecond: 0 };
      const probes = {
        probe: (_: EndpointState, onReply: (typeof replies)[0]) => void replies.push(onReply),
      };
      const balancer = new PrequalBalancer(settings, seededRandom(1), new RunningClock(), probes);
      balancer.update(hosts);
      assertAllocatesNothing(() => {
        balancer.pick(anyHost);
        while (replies.length > 0) replies.pop()!(report);
      }, ONE_BOXED_NUMBER);
    }
  });
});
