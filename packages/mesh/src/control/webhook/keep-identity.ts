import type { Clock, Timer } from '@weir/core';
import { KubeApiError } from '@weir/core/kube';
import { NAMES } from '../../install/settings.js';
import type { Logger } from '../../system/logger.js';
import { JSON_PATCH, type KubeCalls, MERGE_PATCH } from './kube-calls.js';
import {
  formatIdentity,
  isCurrent,
  parseIdentity,
  renew,
  trusted,
  type WebhookIdentity,
} from './webhook-identity.js';

export interface KeepIdentityOptions {
  readonly api: KubeCalls;
  /** The control plane's namespace. */
  readonly namespace: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called with the first identity and whenever it changes. */
  readonly onIdentity: (identity: WebhookIdentity) => void;
}

/** Replicas find out about each other's work, and a bundle that somebody wiped is mended, within this time. */
const CHECK_EVERY_MS = 60_000;
const RETRY_AFTER_MS = 2_000;

/**
 * Keeps the webhooks' identity: made by whichever replica is first, shared through a Secret, renewed when a third
 * of its time is left, and told to the API server through the webhook configurations. Stops when told to.
 */
export function keepIdentity(options: KeepIdentityOptions): { stop(): void } {
  const { clock, logger, onIdentity } = options;
  let timer: Timer | undefined;
  let stopped = false;
  let current = '';
  const check = async (): Promise<void> => {
    let afterMs = CHECK_EVERY_MS;
    try {
      const identity = await agreeOnIdentity(options);
      if (stopped) return;
      if (identity.server.certificate !== current) {
        current = identity.server.certificate;
        onIdentity(identity);
      }
      await publishAuthority(options, trusted(identity));
    } catch (error) {
      afterMs = RETRY_AFTER_MS;
      logger.warn('the webhooks’ certificate could not be looked after; what there is stays in use', {
        error,
      });
    }
    if (!stopped) timer = clock.setTimer(afterMs, () => void check());
  };
  void check();
  return {
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}

/** The names that the API server asks for. */
export function webhookNames(namespace: string): readonly string[] {
  return [`${NAMES.control}.${namespace}.svc`, `${NAMES.control}.${namespace}.svc.cluster.local`];
}

interface Secret {
  readonly metadata: { readonly resourceVersion: string };
  readonly data?: Readonly<Record<string, string>>;
}

async function agreeOnIdentity({
  api,
  namespace,
  clock,
  logger,
}: KeepIdentityOptions): Promise<WebhookIdentity> {
  const path = `/api/v1/namespaces/${namespace}/secrets/${NAMES.certificate}`;
  const names = webhookNames(namespace);
  for (;;) {
    const secret = (await api.call({ method: 'GET', path })) as Secret;
    const known = parseIdentity(secret.data ?? {});
    if (known !== undefined && isCurrent(known, names, clock.wallMs())) return known;
    const identity = await renew(known, names, clock.wallMs());
    const { resourceVersion } = secret.metadata;
    try {
      // With its version: of two replicas that begin at once one is told of a conflict, and takes the other's.
      const body = { metadata: { resourceVersion }, data: formatIdentity(identity) };
      await api.call({ method: 'PATCH', path, body, contentType: MERGE_PATCH });
      logger.info('the webhooks have a new certificate', { secret: `${namespace}/${NAMES.certificate}` });
      return identity;
    } catch (error) {
      if (!(error instanceof KubeApiError) || error.status !== 409) throw error;
    }
  }
}

interface WebhookConfiguration {
  readonly webhooks?: readonly { readonly clientConfig?: { readonly caBundle?: string } }[];
}

const CONFIGURATIONS = [
  `mutatingwebhookconfigurations/${NAMES.injector}`,
  `validatingwebhookconfigurations/${NAMES.validator}`,
];

async function publishAuthority({ api }: KeepIdentityOptions, bundle: string): Promise<void> {
  const caBundle = Buffer.from(bundle).toString('base64');
  for (const name of CONFIGURATIONS) {
    const path = `/apis/admissionregistration.k8s.io/v1/${name}`;
    let configuration: WebhookConfiguration;
    try {
      configuration = (await api.call({ method: 'GET', path })) as WebhookConfiguration;
    } catch (error) {
      // The validator can be left out (weir install --no-validate).
      if (error instanceof KubeApiError && error.status === 404) continue;
      throw error;
    }
    const operations = (configuration.webhooks ?? []).flatMap(({ clientConfig }, index) =>
      clientConfig?.caBundle === caBundle
        ? []
        : [{ op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value: caBundle }],
    );
    if (operations.length > 0)
      await api.call({ method: 'PATCH', path, body: operations, contentType: JSON_PATCH });
  }
}
