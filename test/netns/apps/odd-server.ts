// What is not gRPC: HTTP/1.1 on 8080, a protocol in which the server speaks first on 6379, TLS on 8443, and on 7000 a
// port that is closed for as long as somebody asked for on 8080/close.
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import { CertificateAuthority } from '../../support/kube-apiserver/certificates.js';

const authority = await CertificateAuthority.create();
const { cert, key } = await authority.issue({ commonName: 'odd', hosts: ['odd'], usage: 'server' });

const probed = createTcpServer((socket) => socket.on('error', () => {}).end()).listen(7000);
createTcpServer((socket) => {
  socket.on('error', () => {});
  socket.write('+READY odd\r\n');
  socket.on('data', (bytes) => socket.write(`+${bytes.toString().trim().toLowerCase()}\r\n`));
}).listen(6379);
createTlsServer({ cert, key }, (_request, response) => response.end('over TLS\n')).listen(8443);
createServer((request, response) => {
  if (request.url === '/close') probed.close();
  if (request.url === '/open') probed.listen(7000);
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.rawHeaders }));
}).listen(8080);
process.on('SIGTERM', () => process.exit(0));
