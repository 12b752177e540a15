import type { Agent, OutgoingHttpHeaders } from 'node:http';
import type { RequestOptions } from 'node:https';
import { ClusterAccessError, type ClusterAccess, type RequestCredentials } from './cluster-access.js';

export interface KubeconfigOptions {
  /** Default: `KUBECONFIG`, else `~/.kube/config`. */
  readonly file?: string | undefined;
  /** Default: the file's own. */
  readonly context?: string | undefined;
}

/**
 * Access as a kubeconfig says: tokens, certificates, exec plugins, OIDC, proxies.
 *
 * The library that reads it takes some 70 MB, so it is loaded here alone and only when asked for.
 *
 * @throws ClusterAccessError when the file or the context is of no use
 */
export async function kubeconfigAccess({ file, context }: KubeconfigOptions): Promise<ClusterAccess> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  try {
    if (file === undefined) config.loadFromDefault();
    else config.loadFromFile(file);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ClusterAccessError(`the kubeconfig ${file ?? ''} cannot be read: ${reason}`, { cause });
  }
  if (context !== undefined) {
    const known = config.getContexts().map(({ name }) => name);
    if (!known.includes(context)) {
      const choice = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`;
      throw new ClusterAccessError(`the kubeconfig has no context ${JSON.stringify(context)}; ${choice}`);
    }
    config.setCurrentContext(context);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null)
    throw new ClusterAccessError(
      `the kubeconfig names no cluster for context ${JSON.stringify(config.getCurrentContext() ?? '')}; choose one with --context`,
    );
  return {
    server: parseServer(cluster.server),
    description: `context ${JSON.stringify(config.getCurrentContext())}`,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? 'default',
    credentials: async () => {
      const options: RequestOptions = {};
      await config.applyToHTTPSOptions(options);
      return credentialsOf(options, cluster.proxyUrl !== undefined);
    },
    // The library looks at the end of a token's life itself.
    refused: () => {},
  };
}

function parseServer(text: string): URL {
  try {
    return new URL(text);
  } catch (cause) {
    throw new ClusterAccessError(`the kubeconfig's server ${JSON.stringify(text)} is no URL`, { cause });
  }
}

function credentialsOf(options: RequestOptions, throughProxy: boolean): RequestCredentials {
  const { ca, cert, key, servername, rejectUnauthorized, auth, agent } = options;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries((options.headers ?? {}) as OutgoingHttpHeaders))
    if (typeof value === 'string') headers[name.toLowerCase()] = value;
  if (typeof auth === 'string') headers['authorization'] = `Basic ${Buffer.from(auth).toString('base64')}`;
  return {
    headers,
    ca: pem(ca),
    cert: pem(cert),
    key: pem(key),
    servername,
    rejectUnauthorized,
    // A proxy is reached by the library's own agent; otherwise connections are kept by ours.
    agent: throughProxy && typeof agent === 'object' ? (agent as Agent) : undefined,
  };
}

function pem(value: unknown): string | Buffer | undefined {
  return typeof value === 'string' || Buffer.isBuffer(value) ? value : undefined;
}
