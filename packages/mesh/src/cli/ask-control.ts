import { Option } from 'commander';
import { httpGet, type HttpAnswer } from './http-get.js';
import { formatHostPort, parseHostPort, type HostPort } from './parse-address.js';

/** The control plane cannot be asked; the message says what to do. */
export class ControlUnreachableError extends Error {
  override readonly name = 'ControlUnreachableError';
}

/** `--control <host:port>`, shared by the commands that ask a running control plane. */
export function controlOption(): Option {
  const loopback: HostPort = { host: '127.0.0.1', port: 15014 };
  return new Option('--control <host:port>', "the control plane's HTTP address")
    .argParser(parseHostPort)
    .default(loopback, formatHostPort(loopback));
}

/** @throws ControlUnreachableError when nobody answers */
export async function askControl(control: HostPort, path: string): Promise<HttpAnswer> {
  const address = formatHostPort(control);
  try {
    return await httpGet(`http://${address}${path}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ControlUnreachableError(
      `no control plane answers at ${address} (${reason}); start one with 'weir control', or say where it is with --control`,
      { cause: error },
    );
  }
}
