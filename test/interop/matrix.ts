/** The gRPC libraries, each as client and as server. */
export const LIBRARIES = ['grpc-js', 'grpcio'] as const;
export type Library = (typeof LIBRARIES)[number];

/** Through the sidecar, or the client straight to the server: the referee's own check. */
export const WAYS = ['weir', 'direct'] as const;
export type Way = (typeof WAYS)[number];

/**
 * The cases of gRPC's interop test descriptions in their order, but for the four about credentials, which need
 * Google's token servers.
 */
export const CASES = [
  'empty_unary',
  'cacheable_unary',
  'large_unary',
  'client_compressed_unary',
  'server_compressed_unary',
  'client_streaming',
  'client_compressed_streaming',
  'server_streaming',
  'server_compressed_streaming',
  'ping_pong',
  'empty_stream',
  'custom_metadata',
  'status_code_and_message',
  'special_status_message',
  'unimplemented_method',
  'unimplemented_service',
  'cancel_after_begin',
  'cancel_after_first_response',
  'timeout_on_sleeping_server',
  'concurrent_large_unary',
  'orca_per_rpc',
  'orca_oob',
  'rpc_soak',
  'channel_soak',
] as const;
export type CaseName = (typeof CASES)[number];

export interface Pair {
  readonly client: Library;
  readonly server: Library;
}

export const PAIRS: readonly Pair[] = LIBRARIES.flatMap((client) =>
  LIBRARIES.map((server) => ({ client, server })),
);

/** Why a case cannot be asked of some pairs. The reason is a library's, never the sidecar's. */
export interface Exemption {
  readonly cases: readonly CaseName[];
  /** Only pairs with this client; all if absent. */
  readonly client?: Library;
  /** Only pairs with this server; all if absent. */
  readonly server?: Library;
  readonly reason: string;
}

export const EXEMPTIONS: readonly Exemption[] = [
  {
    cases: ['cacheable_unary'],
    reason:
      'the case sends a call as GET and wants the second answer from a caching proxy; neither library can send GET, and Weir is no cache',
  },
  {
    cases: ['server_compressed_unary', 'server_compressed_streaming'],
    server: 'grpc-js',
    reason: 'a grpc-js server has no means to compress what it sends',
  },
  {
    cases: ['orca_per_rpc'],
    client: 'grpcio',
    reason:
      'a grpcio client keeps the trailer endpoint-load-metrics-bin for its own balancers and does not show it to the caller',
  },
];

/** The exemption for a case and a pair, if there is one. */
export function exemptionOf(name: CaseName, { client, server }: Pair): Exemption | undefined {
  return EXEMPTIONS.find(
    (exemption) =>
      exemption.cases.includes(name) &&
      (exemption.client ?? client) === client &&
      (exemption.server ?? server) === server,
  );
}
