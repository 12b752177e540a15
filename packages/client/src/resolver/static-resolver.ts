import type { FoundEndpoint, ResolverType } from './resolver.js';

const DEFAULT_PORT = 443;

/** Targets that say their endpoints themselves: `static:///10.0.0.1:50051,10.0.0.2:50051`. */
export const staticResolver: ResolverType = {
  scheme: 'static',
  create(path, listener) {
    const endpoints = path.split(',').map(parseEndpoint);
    let isAsked = false;
    return {
      resolve() {
        if (isAsked) return;
        isAsked = true;
        queueMicrotask(() => isAsked && listener.found(endpoints, ''));
      },
      close() {
        isAsked = false;
      },
    };
  },
  authorityOf: (path) => path.split(',')[0] ?? path,
};

/** @throws {Error} when it is no `host:port` */
function parseEndpoint(text: string): FoundEndpoint {
  const parts = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]/]+))(?::(\d{1,5}))?$/.exec(text.trim());
  const port = parts?.[3] === undefined ? DEFAULT_PORT : Number(parts[3]);
  const host = parts?.[1] ?? parts?.[2];
  if (host === undefined || port < 1 || port > 65_535) {
    throw new Error(
      `static: ${JSON.stringify(text)} is no host:port; write static:///10.0.0.1:50051,10.0.0.2:50051`,
    );
  }
  return { host, port, weight: 1, locality: '', pod: '' };
}
