import { createServer, type Server } from 'node:http';
import { listenOptions } from '../transport/listen-options.js';
import type { AdminHandler } from './admin-pages.js';

export interface AdminServer {
  /** The port in use, also when 0 was asked for. */
  readonly port: number;
  /** Stops listening and drops the connections that are open; resolves when all are gone. */
  close(): Promise<void>;
}

/** Whole requests must arrive within this time; pages are small and asked for nearby. */
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Serves admin pages over HTTP/1.1, GET only. `host` should be a loopback address: the pages tell anyone
 * who asks about the whole configuration. `*` is every address of the machine, of either family.
 *
 * @throws when the port cannot be bound.
 */
export async function listenAdmin(host: string, port: number, handle: AdminHandler): Promise<AdminServer> {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    if (request.method !== 'GET') {
      response.writeHead(405, { allow: 'GET', 'content-type': 'text/plain; charset=utf-8' });
      response.end('Only GET is understood here.\n');
      return;
    }
    void handle(request.url ?? '/').then(({ status, contentType, body }) => {
      response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' });
      response.end(body);
    });
  });
  await listen(server, host, port);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () => close(server),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(listenOptions({ host, port }), () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
