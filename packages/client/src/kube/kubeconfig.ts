import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { ClusterAccess, Credentials } from './cluster-access.js';
import { execCredentials } from './exec-credentials.js';
import { parseYaml, type YamlValue } from './yaml-subset.js';

export interface KubeconfigOptions {
  readonly file: string;
  /** Default: the file's `current-context`. */
  readonly context?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly wallMs: () => number;
}

type Section = { readonly [key: string]: YamlValue };

/**
 * The access that a kubeconfig file describes: token, token file, basic authentication, client certificate, or
 * a program (`exec`).
 *
 * @throws {Error} naming the file and what is missing
 */
export async function kubeconfigAccess({ file, context, wallMs }: KubeconfigOptions): Promise<ClusterAccess> {
  const where = (what: string): Error => new Error(`kubeconfig ${file}: ${what}`);
  const config = await readFile(file, 'utf8').then(
    (text) => {
      try {
        return section(parseYaml(text));
      } catch (error) {
        throw where(error instanceof Error ? error.message : String(error));
      }
    },
    (error: NodeJS.ErrnoException) => {
      throw where(error.code === 'ENOENT' ? 'there is no such file' : error.message);
    },
  );
  const contextName = context ?? textOf(config['current-context']);
  if (contextName === undefined) throw where('it has no current-context; name one');
  const find = (list: string, name: string | undefined, part: string): Section => {
    const entries = Array.isArray(config[list]) ? config[list].map(section) : [];
    const found = entries.find((entry) => textOf(entry['name']) === name);
    const known = entries.map((entry) => textOf(entry['name'])).join(', ');
    if (found === undefined)
      throw where(`${list} has no ${name ?? '(unnamed)'}; it has ${known || 'nothing'}`);
    return section(found[part]);
  };
  const chosen = find('contexts', contextName, 'context');
  const cluster = find('clusters', textOf(chosen['cluster']), 'cluster');
  const userName = textOf(chosen['user']);
  const user = userName === undefined ? {} : find('users', userName, 'user');
  const server = textOf(cluster['server']);
  if (server === undefined) throw where('the cluster has no server');
  /** Either inline in base64, or a path relative to the file. */
  const pem = async (from: Section, field: string): Promise<string | undefined> => {
    const data = textOf(from[`${field}-data`]);
    if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
    const path = textOf(from[field]);
    return path === undefined ? undefined : readFile(resolve(dirname(file), path), 'utf8');
  };
  return {
    server: server.replace(/\/+$/, ''),
    origin: `context ${contextName} of ${file}`,
    ca: await pem(cluster, 'certificate-authority'),
    serverName: textOf(cluster['tls-server-name']),
    verifiesServer: cluster['insecure-skip-tls-verify'] !== true,
    namespace: textOf(chosen['namespace']) ?? 'default',
    credentials: credentialsOf(user, dirname(file), pem, wallMs, where),
  };
}

function credentialsOf(
  user: Section,
  folder: string,
  pem: (from: Section, field: string) => Promise<string | undefined>,
  wallMs: () => number,
  where: (what: string) => Error,
): (isRefused: boolean) => Promise<Credentials> {
  if (user['auth-provider'] !== undefined && user['auth-provider'] !== null) {
    throw where('auth-provider is gone from Kubernetes since 1.26; use exec');
  }
  const exec = user['exec'] === undefined || user['exec'] === null ? undefined : section(user['exec']);
  if (exec !== undefined) {
    const command = textOf(exec['command']);
    if (command === undefined) throw where('exec has no command');
    return execCredentials(
      {
        command,
        args: Array.isArray(exec['args']) ? exec['args'].map(String) : [],
        env: environmentOf(exec['env']),
        apiVersion: textOf(exec['apiVersion']) ?? 'client.authentication.k8s.io/v1',
      },
      wallMs,
    );
  }
  const token = textOf(user['token']);
  const tokenFile = textOf(user['tokenFile']);
  const username = textOf(user['username']);
  return async () => {
    const bearer =
      tokenFile === undefined ? token : (await readFile(resolve(folder, tokenFile), 'utf8')).trim();
    const basic = Buffer.from(`${username}:${textOf(user['password']) ?? ''}`).toString('base64');
    return {
      authorization:
        bearer !== undefined ? `Bearer ${bearer}` : username !== undefined ? `Basic ${basic}` : undefined,
      cert: await pem(user, 'client-certificate'),
      key: await pem(user, 'client-key'),
    };
  };
}

function environmentOf(list: YamlValue | undefined): Record<string, string> {
  const entries = Array.isArray(list) ? list.map(section) : [];
  return Object.fromEntries(entries.map(({ name, value }) => [textOf(name) ?? '', textOf(value) ?? '']));
}

function section(value: YamlValue | undefined): Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Section) : {};
}

/** A number, as a name may be one, counts as the text it was written as. */
function textOf(value: YamlValue | undefined): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return typeof value === 'number' ? String(value) : undefined;
}
