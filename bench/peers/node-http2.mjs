import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, start } from '../relay/children.mjs';
import { untilAccepting } from '../relay/probe.mjs';

const RELAY = join(dirname(fileURLToPath(import.meta.url)), 'node-http2-relay.mjs');

/** What one gets by joining Node's own HTTP/2 server and client. */
export const nodeHttp2 = {
  name: 'node-http2',
  title: 'node:http2 relay',
  needs: undefined,
  async start(endpoints) {
    const port = await freePort();
    const child = start(process.execPath, [RELAY, String(port), ...endpoints.map(String)]);
    await untilAccepting(port, child, 'the node:http2 relay');
    return { port, child, helpers: [] };
  },
};
