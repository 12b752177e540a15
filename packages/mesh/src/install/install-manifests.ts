import { accessManifests } from './access.js';
import { controlPlaneManifests } from './control-plane.js';
import { istioCustomResources, ownCustomResources } from './custom-resources.js';
import { type InstallSettings, LABELS, type Manifest } from './settings.js';
import { webhookManifests } from './webhooks.js';

/** Everything that makes a cluster a mesh, in an order in which it can be applied. */
export function installManifests(settings: InstallSettings): readonly Manifest[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name: settings.namespace,
        labels: { ...LABELS, 'pod-security.kubernetes.io/enforce': 'restricted' },
      },
    },
    ...ownCustomResources(),
    ...(settings.istioCrds ? istioCustomResources() : []),
    ...accessManifests(settings),
    ...controlPlaneManifests(settings),
    ...webhookManifests(settings),
  ];
}

/**
 * The same to be taken away, the last first: webhooks before what they ask. CRDs of Istio's kinds stay, as taking
 * them away takes every object of theirs away, whoever they are for.
 */
export function uninstallManifests(settings: InstallSettings): readonly Manifest[] {
  return installManifests({ ...settings, istioCrds: false, validate: true }).toReversed();
}
