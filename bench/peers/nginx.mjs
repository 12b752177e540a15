import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, start } from '../relay/children.mjs';
import { untilAccepting } from '../relay/probe.mjs';

/** nginx with one worker and `grpc_pass`, upstream connections kept alive, no log. */
export const nginx = {
  name: 'nginx',
  title: 'nginx grpc_pass',
  needs: 'nginx',
  version: ['-v'],
  async start(endpoints, directory) {
    const port = await freePort();
    const prefix = join(directory, 'nginx');
    await mkdir(prefix, { recursive: true });
    await writeFile(join(prefix, 'nginx.conf'), configuration(port, endpoints, prefix));
    const child = start('nginx', ['-p', prefix, '-c', join(prefix, 'nginx.conf'), '-e', 'stderr']);
    await untilAccepting(port, child, 'nginx');
    return { port, child, helpers: [] };
  },
};

// As root it would run its worker as nobody, who may not write to the directory of temporary files.
const user = process.getuid?.() === 0 ? 'user root;' : '';

const configuration = (port, endpoints, prefix) => `daemon off;
${user}
worker_processes 1;
pid ${prefix}/nginx.pid;
error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${prefix}/body;
  proxy_temp_path ${prefix}/proxy;
  fastcgi_temp_path ${prefix}/fastcgi;
  uwsgi_temp_path ${prefix}/uwsgi;
  scgi_temp_path ${prefix}/scgi;
  client_max_body_size 0;
  keepalive_requests 1000000000;
  http2_max_concurrent_streams 1024;
  upstream endpoints {
${endpoints.map((endpoint) => `    server 127.0.0.1:${endpoint};\n`).join('')}    keepalive 1024;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} http2;
    location / {
      grpc_pass grpc://endpoints;
      grpc_read_timeout 5m;
      grpc_send_timeout 5m;
    }
  }
}
`;
