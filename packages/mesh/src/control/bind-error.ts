import { formatAddress } from './format-address.js';

/** Says which address cannot be served on, why, and which option chooses another. */
export function bindError(
  option: '--xds' | '--http' | '--webhook',
  host: string,
  port: number,
  cause: unknown,
): Error {
  const text = cause instanceof Error ? cause.message : String(cause);
  const reason = text.includes('EADDRINUSE') ? 'another program has it' : text;
  return new Error(
    `cannot listen on ${formatAddress(host, port)}: ${reason}; choose another address with ${option}`,
    {
      cause,
    },
  );
}
