// Stands in for `kubectl port-forward service/NAME LOCAL:REMOTE`: the kubelet's end of it is not in this cluster.
// ADDRESS LOCAL REMOTE; ends, as the real one does, when the pod is gone.
import { connect, createServer } from 'node:net';

const [address = '', local = '', remote = ''] = process.argv.slice(2);
const LOOK_MS = 200;

createServer((socket) => {
  const pod = connect({ host: address, port: Number(remote) });
  socket.on('error', () => pod.destroy()).pipe(pod);
  pod.on('error', () => socket.destroy()).pipe(socket);
}).listen(Number(local), '127.0.0.1');

setInterval(() => {
  const socket = connect({ host: address, port: Number(remote), timeout: 1_000 });
  socket.on('connect', () => socket.destroy());
  socket.on('error', () => process.exit(1)).on('timeout', () => process.exit(1));
}, LOOK_MS);
