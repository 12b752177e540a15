import { Registry } from '../../control/registry/registry.js';
import type { Client } from '../../control/registry/client.js';
import type { Model } from '../../control/registry/model.js';
import { PublishedSnapshots } from '../../control/push/published-snapshots.js';
import type { BalancerName } from '../../control/translate/sidecar/balancer.js';
import type { FileAccess } from '../../kube/directory/file-access.js';
import { loadOnce } from '../../kube/directory/load-once.js';
import { formatProblem } from '../../kube/problem.js';
import { ProxyConfig } from '../../proxy/config/proxy-config.js';
import { systemClock } from '../../system/clock.js';
import { createLogger } from '../../system/logger.js';
import { systemRandom } from '../../system/random.js';
import { PUSH_ORDER } from '../../xds/type-urls.js';

/** What a directory means to one client, as it is now. */
export interface LoadedConfiguration {
  readonly model: Model;
  /** To be closed. */
  readonly config: ProxyConfig;
  /** What could not be read or taken, which is not in force; `file:line:column: field: …` where it has a place. */
  readonly errors: readonly string[];
}

/**
 * Takes a directory the whole way, control plane and sidecar in one, from its files over the bytes of xDS to
 * what a proxy of the client has in force; without a socket.
 *
 * @throws Error when the directory itself cannot be listed, or what is in it leads nowhere
 */
export async function loadConfiguration(
  files: FileAccess,
  client: Client,
  balancer: BalancerName,
): Promise<LoadedConfiguration> {
  const { set } = await loadOnce(files);
  const model = new Registry().update(set.objects);
  const errors = [...set.problems, ...model.problems]
    .filter(({ severity }) => severity === 'error')
    .map(formatProblem);
  const logger = createLogger({ level: 'error' });
  const published = new PublishedSnapshots({ balancer, logger });
  published.publish(model);
  const snapshot = published.sourceFor(client).current();
  if (snapshot === undefined) throw new Error('there is no configuration to explain: see the error above');
  const config = new ProxyConfig({
    clock: systemClock,
    random: systemRandom(),
    logger,
    controlPlane: 'the directory',
    onSubscriptions() {},
  });
  for (const typeUrl of PUSH_ORDER) {
    const { version, resources } = snapshot.types[typeUrl];
    const received = Array.from(resources.values(), ({ bytes: value }) => ({ typeUrl, value }));
    errors.push(...config.apply(typeUrl, version, received));
  }
  return { model, config, errors };
}
