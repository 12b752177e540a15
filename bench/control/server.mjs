// The control plane over a synthetic cluster. Told by its parent over IPC: { change, service } and { usage }.
import { ControlPlane } from 'weir/dist/control/control-plane.js';
import { clientOfNode } from 'weir/dist/control/push/client-of-node.js';
import { SourceLog } from 'weir/dist/control/source-log.js';
import { profileOf } from 'weir/dist/control/translate/client-profile.js';
import { systemClock } from 'weir/dist/system/clock.js';
import { createLogger } from 'weir/dist/system/logger.js';
import { AdsServer } from 'weir/dist/xds/server/ads-server.js';
import { SyntheticCluster } from './registry.mjs';

const [services, endpoints, port] = process.argv.slice(2).map(Number);
const logger = createLogger({ level: 'error' });
const begunMs = performance.now();
const cluster = new SyntheticCluster(services, endpoints);
const plane = new ControlPlane({
  source: cluster,
  clock: systemClock,
  logger,
  log: new SourceLog(logger),
  balancer: 'p2c_ewma',
  clusterDomain: undefined,
});
plane.start();
const loadMs = performance.now() - begunMs;
const ads = new AdsServer({
  clock: systemClock,
  logger,
  snapshotFor: (node) => plane.snapshots.sourceFor(clientOfNode(node), profileOf(node)),
});
const bound = await ads.listen('127.0.0.1', port);

let generation = 0;
process.on('message', (order) => {
  if (order.op === 'change') {
    generation += 1;
    const atNs = process.hrtime.bigint();
    cluster.replaceEndpoint(order.service, generation);
    plane.changed();
    process.send({ id: order.id, atNs: String(atNs) });
    return;
  }
  const cpu = process.cpuUsage();
  globalThis.gc?.();
  const bytes = [...ads.metrics.types.values()].reduce((sum, type) => sum + type.bytes, 0);
  const { rss, heapUsed } = process.memoryUsage();
  process.send({ id: order.id, cpu, rss, heapUsed, bytes, streams: ads.status().length });
});
process.send({ port: bound, loadMs });
