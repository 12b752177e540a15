import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';

/** A request as `node:http` hands it over, that came by no socket. */
export function incoming(
  method: string,
  url: string,
  rawHeaders: readonly string[],
  httpVersion = '1.1',
): IncomingMessage {
  const message = new IncomingMessage(new Socket());
  message.method = method;
  message.url = url;
  message.httpVersion = httpVersion;
  message.rawHeaders = [...rawHeaders];
  for (let at = 0; at < rawHeaders.length; at += 2)
    message.headers[rawHeaders[at]!.toLowerCase()] ??= rawHeaders[at + 1]!;
  return message;
}
