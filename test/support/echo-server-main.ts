// An echo server in a process of its own, so that a test can kill it: node echo-server-main.js NAME [PORT]
import { startEchoServer } from './echo-server.js';

const [name = 'echo', port = '0'] = process.argv.slice(2);
const server = await startEchoServer({ name, port: Number(port) });
console.log(JSON.stringify({ event: 'listening', address: server.address }));
