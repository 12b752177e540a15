import type { Clock, Random } from '@weir/core';
import { authorityOfK8sTarget, parseK8sTarget } from './k8s-target.js';
import type { ResolverListener, ResolverOptions, ResolverType } from './resolver.js';

/** Channel options of `k8s:` targets. */
export const KUBECONFIG_OPTION = 'weir.kubeconfig';
export const CONTEXT_OPTION = 'weir.kube_context';
export const ZONE_OPTION = 'weir.zone';

/**
 * Targets that are Kubernetes Services: `k8s:///greeter.shop:50051`. What talks to the API server is loaded
 * with the first of them.
 */
export function k8sResolver(clock: Clock, random: Random): ResolverType {
  return {
    scheme: 'k8s',
    create(path, listener, options) {
      const target = parseK8sTarget(path);
      let stop: (() => void) | undefined;
      return {
        resolve() {
          if (stop !== undefined) return;
          let isWanted = true;
          stop = () => (isWanted = false);
          follow(target, listener, options).then(
            (stopFollowing) => {
              if (isWanted) stop = stopFollowing;
              else stopFollowing();
            },
            (error: unknown) => {
              stop = undefined;
              if (isWanted) listener.failed(`k8s: ${error instanceof Error ? error.message : String(error)}`);
            },
          );
        },
        close() {
          stop?.();
          stop = undefined;
        },
      };
    },
    authorityOf: authorityOfK8sTarget,
  };

  async function follow(
    target: ReturnType<typeof parseK8sTarget>,
    listener: ResolverListener,
    options: ResolverOptions,
  ): Promise<() => void> {
    const [{ findAccess }, { HttpsTransport }, { followService }] = await Promise.all([
      import('../kube/find-access.js'),
      import('../kube/https-transport.js'),
      import('./follow-service.js'),
    ]);
    const access = await findAccess({
      kubeconfig: textOption(options, KUBECONFIG_OPTION),
      context: textOption(options, CONTEXT_OPTION),
      wallMs: () => clock.wallMs(),
    });
    return followService({
      transport: new HttpsTransport(access),
      clock,
      random,
      target,
      namespace: target.namespace ?? access.namespace,
      zone: textOption(options, ZONE_OPTION) ?? process.env['WEIR_ZONE'] ?? '',
      listener,
      warn: (message) => process.emitWarning(message, { type: 'WeirWarning', code: 'WEIR_KUBE' }),
    });
  }
}

function textOption(options: ResolverOptions, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
