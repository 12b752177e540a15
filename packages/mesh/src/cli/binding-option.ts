import { Option } from 'commander';
import { formatHostPort, parseHostPort, type HostPort } from './parse-address.js';

/** An option that takes an address to bind, on loopback by default. */
export function bindingOption(flags: string, description: string, port: number): Option {
  const loopback: HostPort = { host: '127.0.0.1', port };
  return new Option(flags, description).argParser(parseHostPort).default(loopback, formatHostPort(loopback));
}
