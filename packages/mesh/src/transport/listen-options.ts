/** A place to listen on. */
export interface ListenPlace {
  /** `*` is every address of the machine, of either family. */
  readonly host: string;
  readonly port: number;
}

/** What Node's `listen` is to be told. */
export function listenOptions({ host, port }: ListenPlace): {
  readonly port: number;
  readonly host?: string;
} {
  // Without a host Node takes both families, or the one there is.
  return host === '*' ? { port } : { port, host };
}
