/**
 * The relay of the sidecar behind Node's TLS, put together from its parts as `weir proxy` does it.
 *
 *     node weir-tls-front.mjs XDS_HOST:PORT SERVICE:PORT KEY_FILE CERTIFICATE_FILE
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:tls';
import { createDataPlane } from '../../packages/mesh/dist/proxy/data-plane.js';
import { backgroundClock, systemClock } from '../../packages/mesh/dist/system/clock.js';
import { createLogger } from '../../packages/mesh/dist/system/logger.js';
import { systemRandom } from '../../packages/mesh/dist/system/random.js';
import { AdsClient } from '../../packages/mesh/dist/xds/client/ads-client.js';
import { adsOverHttp2 } from '../../packages/mesh/dist/xds/client/ads-over-http2.js';
import { TYPE_CLUSTER, TYPE_LISTENER } from '../../packages/mesh/dist/xds/type-urls.js';

const [xds, service, keyFile, certificateFile] = process.argv.slice(2);
const logger = createLogger({ level: 'warn' });
const random = systemRandom();
const plane = createDataPlane({
  clock: systemClock,
  backgroundClock,
  random,
  logger,
  controlPlane: xds,
  onSubscriptions: (typeUrl, names) => ads.subscribe(typeUrl, names),
  http2: {},
  relay: {},
});
const [host, port] = xds.split(':');
const { flushQueue, shared } = plane;
const ads = new AdsClient({
  connect: adsOverHttp2({ host, port: Number(port), clock: backgroundClock, flushQueue, shared }),
  node: { id: 'bench-tls', metadata: { NAMESPACE: 'default', CLUSTER_DOMAIN: 'cluster.local' } },
  clock: backgroundClock,
  random,
  logger,
  handler: plane.config,
});
ads.subscribe(TYPE_CLUSTER, 'wildcard');
ads.subscribe(TYPE_LISTENER, 'wildcard');
ads.start();

const [name, servicePort] = service.split(':');
const door = { kind: 'service', destination: { host: name, port: Number(servicePort) } };
const options = { key: readFileSync(keyFile), cert: readFileSync(certificateFile), ALPNProtocols: ['h2'] };
const server = createServer(options, (socket) => plane.outbound.accept(socket, door));
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`);
});
