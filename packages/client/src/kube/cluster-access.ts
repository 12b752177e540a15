/** How the API server is reached, and as whom. */
export interface ClusterAccess {
  /** `https://10.96.0.1:443`, without a path at the end. */
  readonly server: string;
  /** Where this is from, for messages: a file, or the service account. */
  readonly origin: string;
  /** PEM; `undefined`: the certificate authorities that Node.js knows. */
  readonly ca: string | undefined;
  /** For whom the server's certificate must be; `undefined`: for its host name. */
  readonly serverName: string | undefined;
  readonly verifiesServer: boolean;
  /** The namespace of targets that name none. */
  readonly namespace: string;
  /**
   * Who is asking; asked for with each request, so that a token may be replaced while the program runs.
   *
   * @param isRefused whether the server has just refused the last ones (401)
   * @throws {Error} when there are none
   */
  credentials(isRefused: boolean): Promise<Credentials>;
}

export interface Credentials {
  /** Value of the `authorization` header. */
  readonly authorization?: string | undefined;
  /** Client certificate and key, PEM. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}
