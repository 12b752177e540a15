import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export type Http1Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A real server of HTTP/1.1 on loopback, with what it has seen. */
export class Http1TestServer {
  readonly name: string;
  readonly server: Server;
  readonly seen: IncomingMessage[] = [];
  readonly sockets = new Set<Socket>();
  address = '';

  constructor(name: string, handle: Http1Handler = (_, response) => response.end(name)) {
    this.name = name;
    this.server = createServer((request, response) => {
      this.seen.push(request);
      handle(request, response);
    });
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.address = `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return this;
  }

  destroy(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
