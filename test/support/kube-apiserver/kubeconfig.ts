import type { KeyPair } from './certificates.js';

export interface KubeconfigOptions {
  readonly server: string;
  /** PEM. */
  readonly ca: string;
  readonly credentials: { readonly token: string } | KeyPair;
  readonly namespace?: string;
}

/** A kubeconfig with one context, as JSON, which is YAML. */
export function formatKubeconfig({
  server,
  ca,
  credentials,
  namespace = 'default',
}: KubeconfigOptions): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const user =
    'token' in credentials
      ? { token: credentials.token }
      : {
          'client-certificate-data': base64(credentials.cert),
          'client-key-data': base64(credentials.key),
        };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test', namespace } }],
    'current-context': 'test',
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}
