import { InvalidArgumentError } from 'commander';

/** A place to bind or to dial. */
export interface HostPort {
  /** Name or IP address; an IPv6 address without its brackets. */
  readonly host: string;
  /** 0 to 65535; 0 asks for any free port. */
  readonly port: number;
}

/** One `--listen SERVICE:PORT=HOST:PORT`: a local door to one port of a service. */
export interface ListenRule {
  /** `SERVICE:PORT` as written, such as `native-tools-2:50051`. */
  readonly authority: string;
  readonly service: string;
  readonly servicePort: number;
  readonly bind: HostPort;
}

/** One `--inbound HOST:PORT=APPHOST:APPPORT`: where callers of the application come in, and where it listens. */
export interface InboundRule {
  readonly bind: HostPort;
  readonly application: HostPort;
}

/**
 * Reads `host:port`; an IPv6 host stands in brackets (`[::1]:15001`).
 *
 * @throws InvalidArgumentError that says what is wrong, so that it can serve as a commander option parser.
 */
export function parseHostPort(text: string): HostPort {
  const match = /^(?:\[([^\]]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined) {
    throw new InvalidArgumentError(`'${text}' is not HOST:PORT, such as 127.0.0.1:15001 or [::1]:15001.`);
  }
  if (port > 65535) throw new InvalidArgumentError(`Port ${port} in '${text}' is above 65535.`);
  return { host, port };
}

/** The inverse of {@link parseHostPort}: brackets around an IPv6 host. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Reads one `SERVICE:PORT=HOST:PORT`.
 *
 * @throws InvalidArgumentError that says which side is wrong.
 */
export function parseListen(text: string): ListenRule {
  const equals = text.indexOf('=');
  const authority = text.slice(0, Math.max(equals, 0));
  if (!authority.includes(':')) {
    throw new InvalidArgumentError(
      `'${text}' is not SERVICE:PORT=HOST:PORT, such as greeter:50051=127.0.0.1:0.`,
    );
  }
  const { host: service, port: servicePort } = parseHostPort(authority);
  if (servicePort === 0)
    throw new InvalidArgumentError(`'${authority}' needs the port of the service, not 0.`);
  return { authority, service, servicePort, bind: parseHostPort(text.slice(equals + 1)) };
}

/**
 * Reads one `HOST:PORT=APPHOST:APPPORT`.
 *
 * @throws InvalidArgumentError that says which side is wrong.
 */
export function parseInbound(text: string): InboundRule {
  const equals = text.indexOf('=');
  if (equals === -1) {
    throw new InvalidArgumentError(
      `'${text}' is not HOST:PORT=APPHOST:APPPORT, such as 0.0.0.0:15006=127.0.0.1:50051.`,
    );
  }
  const application = parseHostPort(text.slice(equals + 1));
  if (application.port === 0) {
    throw new InvalidArgumentError(`'${text}' needs the port of the application, not 0.`);
  }
  return { bind: parseHostPort(text.slice(0, equals)), application };
}
