import { createSecureServer, type Http2SecureServer } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { Rbac } from './access/rbac.js';
import { ADMIN, serviceAccountUser, Tokens, type User } from './access/user.js';
import { Admission } from './admission/admission.js';
import { CertificateAuthority, type KeyPair } from './certificates.js';
import { Faults } from './faults.js';
import { ApiHandler, INTERNAL } from './http/api-handler.js';
import { Exchange } from './http/exchange.js';
import type { RequestInfo } from './http/request-info.js';
import { formatKubeconfig } from './kubeconfig.js';
import { keyOf, type ApiObject, type Meta } from './objects/api-object.js';
import { ClusterIps } from './objects/cluster-ips.js';
import { ObjectOperations, type Target } from './objects/object-operations.js';
import type { ResourceType } from './objects/resource-type.js';
import { Storage } from './objects/storage.js';
import { TypeRegistry } from './objects/type-registry.js';

export interface KubeApiServerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default: a free one, which it keeps when it is started again. */
  readonly port?: number;
  /** First two bytes of the addresses of Services; default `10.96`. */
  readonly serviceCidrPrefix?: string;
  /** Default 60 000, as the real server's. */
  readonly bookmarkIntervalMs?: number;
}

/** An object as tests write it: the server adds what is missing. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Partial<Meta> & { readonly name: string };
  readonly [field: string]: unknown;
}

export interface SeenRequest extends RequestInfo {
  readonly username: string;
}

/**
 * A small Kubernetes API server: what clients can tell of the real one, over TLS, with its objects in memory. Tests
 * write objects directly; `stop` and `start` are a restart that keeps them.
 */
export class KubeApiServer {
  readonly faults = new Faults();
  readonly tokens = new Tokens();
  readonly storage = new Storage();
  readonly types = new TypeRegistry();
  readonly operations: ObjectOperations;
  /** Every request to a resource so far. */
  readonly requests: SeenRequest[] = [];
  readonly #options: KubeApiServerOptions;
  readonly #authority: CertificateAuthority;
  readonly #certificate: KeyPair;
  readonly #handler: ApiHandler;
  readonly #adminToken: string;
  readonly #sockets = new Set<Socket>();
  #server: Http2SecureServer | undefined;
  #port: number;

  private constructor(options: KubeApiServerOptions, authority: CertificateAuthority, certificate: KeyPair) {
    this.#options = options;
    this.#authority = authority;
    this.#certificate = certificate;
    this.#port = options.port ?? 0;
    this.#adminToken = this.tokens.issue(ADMIN);
    const admission = new Admission(this.storage, this.types);
    const ips = new ClusterIps(options.serviceCidrPrefix);
    this.operations = new ObjectOperations(this.storage, this.types, admission, ips);
    this.#handler = new ApiHandler({
      storage: this.storage,
      types: this.types,
      operations: this.operations,
      rbac: new Rbac(this.storage, this.types),
      tokens: this.tokens,
      faults: this.faults,
      bookmarkIntervalMs: options.bookmarkIntervalMs ?? 60_000,
      onRequest: (info, { username }) => this.requests.push({ ...info, username }),
    });
  }

  /** Makes the server and starts it, with the namespaces every cluster has. */
  static async start(options: KubeApiServerOptions = {}): Promise<KubeApiServer> {
    const authority = await CertificateAuthority.create();
    const hosts = [
      ...new Set([options.host ?? '127.0.0.1', '127.0.0.1', '::1', 'localhost', 'kubernetes.default.svc']),
    ];
    const certificate = await authority.issue({ commonName: 'kube-apiserver', hosts, usage: 'server' });
    const server = new KubeApiServer(options, authority, certificate);
    for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease'])
      await server.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    await server.start();
    return server;
  }

  get url(): string {
    const host = this.#options.host ?? '127.0.0.1';
    return `https://${host.includes(':') ? `[${host}]` : host}:${this.#port}`;
  }

  /** PEM of the authority that vouches for the server. */
  get ca(): string {
    return this.#authority.cert;
  }

  get authority(): CertificateAuthority {
    return this.#authority;
  }

  /** Of one who may do everything. */
  get adminToken(): string {
    return this.#adminToken;
  }

  /** @param token default: that of one who may do everything */
  kubeconfig(token = this.#adminToken): string {
    return formatKubeconfig({ server: this.url, ca: this.ca, credentials: { token } });
  }

  /** A token of a ServiceAccount, which has no rights but those its bindings give it. */
  serviceAccountToken(namespace: string, name: string): string {
    return this.tokens.issue(serviceAccountUser(namespace, name));
  }

  tokenOf(user: User): string {
    return this.tokens.issue(user);
  }

  // ---- objects

  /** Creates the object or replaces it, status included. */
  async apply(manifest: Manifest): Promise<ApiObject> {
    const target = this.#target(manifest);
    const known = this.storage.get(target.type, keyOf(target));
    const { status, ...body } = manifest;
    const stored =
      known === undefined
        ? await this.operations.create({ ...target, name: '' }, body, INTERNAL)
        : await this.operations.update(
            target,
            (current) => ({ ...body, metadata: { ...current.metadata, ...body.metadata } }),
            INTERNAL,
          );
    if (status === undefined || !target.type.hasStatus) return stored;
    const withStatus = (current: ApiObject): ApiObject => ({ ...current, status });
    return this.operations.update({ ...target, subresource: 'status' }, withStatus, INTERNAL);
  }

  get(apiVersion: string, kind: string, name: string, namespace = 'default'): ApiObject | undefined {
    const type = this.#type(apiVersion, kind);
    return this.storage.get(type, keyOf({ name, namespace: type.namespaced ? namespace : '' }));
  }

  list(apiVersion: string, kind: string): readonly ApiObject[] {
    return this.storage.list(this.#type(apiVersion, kind));
  }

  /** Removes it at once, whatever grace it has. */
  async remove(apiVersion: string, kind: string, name: string, namespace = 'default'): Promise<void> {
    const target = this.#target({ apiVersion, kind, metadata: { name, namespace } });
    await this.operations.delete(target, { gracePeriodSeconds: 0 }, INTERNAL);
  }

  // ---- what happens to servers

  get watchCount(): number {
    return this.#handler.watches.size;
  }

  /** Ends all watches in good order, as the server does when their time is over. */
  endWatches(): void {
    for (const watch of [...this.#handler.watches]) watch.end();
  }

  /** Breaks the connections of all watches. */
  dropWatches(): void {
    for (const watch of [...this.#handler.watches]) watch.drop();
  }

  /** Forgets the history: watches end with a 410, and whoever goes on from before gets another. */
  expire(): void {
    this.storage.compact();
    for (const watch of [...this.#handler.watches]) watch.expire();
  }

  /** Listens, on the same port as before. */
  async start(): Promise<void> {
    const { cert, key } = this.#certificate;
    const server = createSecureServer(
      { allowHTTP1: true, cert, key, ca: [this.ca], requestCert: true, rejectUnauthorized: false },
      (request, response) => void this.#handler.handle(new Exchange(request, response)),
    );
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.on('sessionError', () => {});
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, this.#options.host ?? '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
  }

  /** As a kill: connections break, nobody listens. The objects stay. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    for (const watch of [...this.#handler.watches]) watch.close();
  }

  #target({ apiVersion, kind, metadata }: Manifest): Target {
    const type = this.#type(apiVersion, kind);
    const version = apiVersion.slice(apiVersion.indexOf('/') + 1);
    const namespace = type.namespaced ? (metadata.namespace ?? 'default') : '';
    return { type, version, namespace, name: metadata.name, subresource: '' };
  }

  #type(apiVersion: string, kind: string): ResourceType {
    const type = this.types.findKind(apiVersion, kind);
    if (type === undefined) throw new Error(`the server has no ${kind} in ${apiVersion}`);
    return type;
  }
}
