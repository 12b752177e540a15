/** What a port speaks; `auto` is unknown and found out from the first bytes. */
export type Protocol = 'http' | 'http2' | 'grpc' | 'grpc-web' | 'https' | 'tls' | 'tcp' | 'udp' | 'auto';

/** The words of Istio's `pkg/config/protocol` Parse. What Weir does not read itself is tcp to it. */
const WORDS: ReadonlyMap<string, Protocol> = new Map([
  ['http', 'http'],
  ['http_proxy', 'http'],
  ['http2', 'http2'],
  ['h2c', 'http2'],
  ['grpc', 'grpc'],
  ['grpc-web', 'grpc-web'],
  ['https', 'https'],
  ['tls', 'tls'],
  ['tcp', 'tcp'],
  ['mongo', 'tcp'],
  ['mysql', 'tcp'],
  ['redis', 'tcp'],
  ['udp', 'udp'],
]);

/** Kubernetes' own names of protocols (KEP-3726), for `appProtocol` only. */
const APP_PROTOCOLS: ReadonlyMap<string, Protocol> = new Map([
  ['kubernetes.io/h2c', 'http2'],
  ['kubernetes.io/ws', 'http'],
  ['kubernetes.io/wss', 'https'],
]);

/** SMTP, DNS, MySQL, MongoDB: here the server speaks first, and waiting for the client's bytes would hang. */
const SERVER_FIRST_PORTS: ReadonlySet<number> = new Set([25, 53, 3306, 27017]);

export interface PortFacts {
  readonly number: number;
  readonly name: string | undefined;
  readonly appProtocol: string | undefined;
  /** Of the transport: TCP when undefined. */
  readonly transport: 'TCP' | 'UDP' | 'SCTP' | undefined;
}

/**
 * What a Service port speaks, as Istio reads it: `appProtocol` before the port's name, of which the text up to
 * the first `-` counts, in any case. Source: Istio `pkg/config/kube` ConvertProtocol.
 */
export function protocolOfPort({ number, name, appProtocol, transport }: PortFacts): Protocol {
  if (transport === 'UDP') return 'udp';
  if (transport === 'SCTP') return 'tcp';
  const ofKubernetes = APP_PROTOCOLS.get(appProtocol ?? '');
  if (ofKubernetes !== undefined) return ofKubernetes;
  const word = (appProtocol ?? name ?? '').toLowerCase();
  // The only word with a hyphen of its own.
  if (word.startsWith('grpc-web')) return 'grpc-web';
  const hyphen = word.indexOf('-');
  const known = WORDS.get(hyphen < 0 ? word : word.slice(0, hyphen));
  return known ?? (SERVER_FIRST_PORTS.has(number) ? 'tcp' : 'auto');
}

/** What a ServiceEntry port speaks by its `protocol` field. */
export function protocolOfWord(word: string | undefined): Protocol {
  return WORDS.get((word ?? '').toLowerCase()) ?? 'auto';
}

/** Whether requests on such a port can be told apart and balanced; on others connections pass through untouched. */
export function carriesRequests(protocol: Protocol): boolean {
  switch (protocol) {
    case 'http':
    case 'http2':
    case 'grpc':
    case 'grpc-web':
    case 'auto':
      return true;
    case 'https':
    case 'tls':
    case 'tcp':
    case 'udp':
      return false;
  }
}
