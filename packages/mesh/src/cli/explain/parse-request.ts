import { InvalidArgumentError } from 'commander';

/** By name in lower case. */
export type Headers = Readonly<Record<string, string>>;

/** What every gRPC call carries ("PROTOCOL-HTTP2.md", Requests), which rules may ask for as well. */
export const NO_HEADERS: Headers = { 'content-type': 'application/grpc', te: 'trailers' };

/**
 * Takes one `name=value` in. Several values of one name are joined by `,`, as they are when they come from a
 * client (RFC 9110, section 5.3); what every call carries is replaced.
 *
 * @throws InvalidArgumentError that says what is wrong
 */
export function collectHeader(text: string, before: Headers): Headers {
  const equals = text.indexOf('=');
  const name = text.slice(0, Math.max(equals, 0)).trim().toLowerCase();
  // RFC 9110, section 5.6.2: the characters of a token.
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) {
    throw new InvalidArgumentError(
      "It must be name=value, as in version=200; ':' fields come of --to and --method.",
    );
  }
  const value = text.slice(equals + 1);
  const known = before[name];
  return {
    ...before,
    [name]: known === undefined || known === NO_HEADERS[name] ? value : `${known},${value}`,
  };
}

/** @throws InvalidArgumentError when it is not a method's path */
export function parseMethod(text: string): string {
  if (!/^\/[^/\s]+\/[^/\s]+$/.test(text)) {
    throw new InvalidArgumentError(
      `'${text}' is not /package.Service/Method, such as /helloworld.Greeter/SayHello.`,
    );
  }
  return text;
}
