import type { Clock } from '@weir/core';
import { defaultInjectSettings, type InjectSettings } from '../../inject/settings.js';
import type { Logger } from '../../system/logger.js';
import { bindError } from '../bind-error.js';
import { formatAddress } from '../format-address.js';
import { keepIdentity } from './keep-identity.js';
import type { KubeCalls } from './kube-calls.js';
import type { Judge } from './review-policy.js';
import { listenWebhooks } from './webhook-server.js';

export interface WebhookOptions {
  /** `*` is every address. */
  readonly host: string;
  readonly port: number;
  /** Where the control plane is installed: its Service and its Secret are there. */
  readonly namespace: string;
  /** Image of the sidecars. */
  readonly image: string;
}

export interface RunningWebhooks {
  /** `host:port` as bound. */
  readonly address: string;
  /** Stops at once; the API server asks another replica. */
  close(): void;
}

/**
 * Serves injection and validation, and looks after the certificate they are served with.
 *
 * @throws Error when the port is taken
 */
export async function startWebhooks(
  { host, port, namespace, image }: WebhookOptions,
  {
    api,
    judge,
    clock,
    logger,
  }: { readonly api: KubeCalls; readonly judge: Judge; readonly clock: Clock; readonly logger: Logger },
): Promise<RunningWebhooks> {
  const inject: InjectSettings = {
    ...defaultInjectSettings,
    image,
    xds: `weir-control.${namespace}.svc.cluster.local:15010`,
    systemNamespaces: [...new Set([...defaultInjectSettings.systemNamespaces, namespace])],
  };
  const server = await listenWebhooks({ host, port, inject, judge, logger }).catch((error: unknown) => {
    throw bindError('--webhook', host, port, error);
  });
  const keeper = keepIdentity({
    api,
    namespace,
    clock,
    logger,
    onIdentity: (identity) => server.setCertificate(identity.server),
  });
  return {
    address: formatAddress(host, server.address.port),
    close: () => {
      keeper.stop();
      void server.close();
    },
  };
}
