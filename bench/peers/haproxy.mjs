import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, start } from '../relay/children.mjs';
import { untilAccepting } from '../relay/probe.mjs';

/** HAProxy with one thread, HTTP/2 on both sides, no log. */
export const haproxy = {
  name: 'haproxy',
  title: 'HAProxy',
  needs: 'haproxy',
  version: ['-v'],
  async start(endpoints, directory) {
    const port = await freePort();
    const file = join(directory, 'haproxy.cfg');
    await writeFile(file, configuration(port, endpoints));
    const child = start('haproxy', ['-db', '-f', file]);
    await untilAccepting(port, child, 'haproxy');
    return { port, child, helpers: [] };
  },
};

const configuration = (port, endpoints) => `global
  nbthread 1
  maxconn 4096
  tune.h2.max-concurrent-streams 1024

defaults
  mode http
  timeout connect 5s
  timeout client 5m
  timeout server 5m
  http-reuse always

frontend in
  bind 127.0.0.1:${port} proto h2
  default_backend endpoints

backend endpoints
  balance roundrobin
${endpoints.map((endpoint, index) => `  server e${index} 127.0.0.1:${endpoint} proto h2\n`).join('')}`;
