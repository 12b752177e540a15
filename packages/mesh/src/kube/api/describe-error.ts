/** Why the API server could not be asked, with what to do where that can be said. */
export function describeConnectError(server: URL, error: unknown): string {
  const { origin, hostname } = server;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'ECONNREFUSED':
      return `nobody listens at ${origin}`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the name ${hostname} cannot be resolved`;
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `${origin} cannot be reached`;
    case 'ECONNRESET':
    case 'EPIPE':
      return `the connection to ${origin} broke`;
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return `the certificate of ${origin} is not by the authority that the credentials name`;
    case 'CERT_HAS_EXPIRED':
      return `the certificate of ${origin} has expired`;
  }
  return error instanceof Error ? error.message : String(error);
}
