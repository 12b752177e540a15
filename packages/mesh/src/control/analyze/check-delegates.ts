import type { Problem } from '../../kube/problem.js';
import type { VirtualServiceObject } from '../../kube/resources/virtual-service.js';
import { problemAt, type Loaded } from '../registry/source.js';

/** VirtualServices that have no hosts and that none delegates to (WEIR0005). */
export function checkDelegates(services: readonly Loaded<VirtualServiceObject>[]): Problem[] {
  const wanted = new Set(
    services.flatMap(({ object: { metadata, spec } }) =>
      spec.http.flatMap(({ delegate }) =>
        delegate === undefined ? [] : [`${delegate.namespace ?? metadata.namespace}/${delegate.name}`],
      ),
    ),
  );
  return services
    .filter(({ object: { metadata, spec } }) => {
      return spec.hosts.length === 0 && !wanted.has(`${metadata.namespace}/${metadata.name}`);
    })
    .map((loaded) => {
      const message =
        'without hosts its rules are for a delegate, and none delegates to it; add hosts, or name it under "delegate"';
      return problemAt(loaded, ['spec'], 'warning', 'WEIR0005', message);
    });
}
