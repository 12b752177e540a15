/** Says which address cannot be listened on, why, and which option chooses another. */
export function bindError(option: string, host: string, port: number, cause: unknown): Error {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return new Error(`cannot listen on ${address}: ${reasonOf(cause)}; choose another address with ${option}`, {
    cause,
  });
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  switch ('code' in cause ? cause.code : undefined) {
    case 'EADDRINUSE':
      return 'another program has it';
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address';
    case 'EACCES':
      return 'ports below 1024 are reserved for the administrator';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the name has no address';
    default:
      return cause.message;
  }
}
