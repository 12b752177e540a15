import { INJECTION } from '../inject/annotations.js';
import { KUBERNETES_NAMESPACES } from '../inject/settings.js';
import { type InstallSettings, LABELS, type Manifest, NAMES } from './settings.js';

/** Where the webhooks are served; 443 of the Service is 15017 of the pods. */
export const INJECT_BY_NAMESPACE_PATH = '/inject/namespace';
export const INJECT_BY_POD_PATH = '/inject/pod';
export const VALIDATE_PATH = '/validate';

/** Seconds that the API server waits: long enough for a busy control plane, short enough for whoever waits. */
const TIMEOUT_SECONDS = 5;

/**
 * The webhook configurations. Their certificate authority is filled in by the control plane, which makes it.
 * Neither can keep the cluster from working: system namespaces and Weir's own are never asked about, and pods of
 * other namespaces only where somebody has asked for sidecars.
 */
export function webhookManifests(settings: InstallSettings): readonly Manifest[] {
  const { validate, failurePolicy, namespace } = settings;
  const excluded = [...KUBERNETES_NAMESPACES, namespace];
  const notSystem = { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: excluded };
  const common = {
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    timeoutSeconds: TIMEOUT_SECONDS,
  };
  const clientConfig = (path: string): object => ({
    service: { name: NAMES.control, namespace, path, port: 443 },
  });
  const pods = {
    apiGroups: [''],
    apiVersions: ['v1'],
    resources: ['pods'],
    operations: ['CREATE'],
    scope: 'Namespaced',
  };
  const injector: Manifest = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: NAMES.injector, labels: LABELS },
    webhooks: [
      {
        name: 'namespace.injector.weir.dev',
        ...common,
        failurePolicy,
        reinvocationPolicy: 'Never',
        clientConfig: clientConfig(INJECT_BY_NAMESPACE_PATH),
        rules: [pods],
        namespaceSelector: {
          matchExpressions: [notSystem, { key: INJECTION, operator: 'In', values: ['enabled'] }],
        },
        objectSelector: { matchExpressions: [{ key: INJECTION, operator: 'NotIn', values: ['disabled'] }] },
      },
      {
        name: 'pod.injector.weir.dev',
        ...common,
        failurePolicy,
        reinvocationPolicy: 'Never',
        clientConfig: clientConfig(INJECT_BY_POD_PATH),
        rules: [pods],
        namespaceSelector: {
          matchExpressions: [notSystem, { key: INJECTION, operator: 'NotIn', values: ['enabled'] }],
        },
        objectSelector: { matchExpressions: [{ key: INJECTION, operator: 'In', values: ['enabled'] }] },
      },
    ],
  };
  if (!validate) return [injector];
  const validator: Manifest = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: NAMES.validator, labels: LABELS },
    webhooks: [
      {
        name: 'validator.weir.dev',
        ...common,
        // A rule that nobody could check is let in: it is checked again when it is read.
        failurePolicy: 'Ignore',
        clientConfig: clientConfig(VALIDATE_PATH),
        rules: [
          rule('networking.istio.io', ['virtualservices', 'destinationrules', 'serviceentries']),
          rule('weir.dev', ['grpcpolicies']),
        ],
      },
    ],
  };
  return [injector, validator];
}

function rule(group: string, resources: readonly string[]): object {
  return {
    apiGroups: [group],
    apiVersions: ['*'],
    resources,
    operations: ['CREATE', 'UPDATE'],
    scope: 'Namespaced',
  };
}
