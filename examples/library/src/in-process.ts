// The greeter's client, balanced in process. The three lines marked are all that differs from a plain client.
import { credentials } from '@grpc/grpc-js';
import { inspect } from '@weir/client';
import { register } from '@weir/client'; // 1
import { Greeter } from 'weir-example-greeter/dist/greeter.js';
import { greet } from './greet.js';
import { startGreeters } from './greeter-servers.js';

register(); // 2
const servers = await startGreeters(['greeter-a', 'greeter-b', 'greeter-c']);
const plain = new Greeter(`ipv4:${servers.addresses.join(',')}`, credentials.createInsecure(), {});
await greet('plain grpc-js: one pod gets it all', plain);
plain.close();

// In a cluster: k8s:///greeter.default:50051
const target = process.env['GREETER_TARGET'] ?? `static:///${servers.addresses.join(',')}`;
const client = new Greeter(target, credentials.createInsecure(), {}); // 3
await greet('with @weir/client: each call is balanced', client);
for (const { address, state, latencyMs } of inspect(client).policy?.endpoints ?? []) {
  console.log(`  ${address} is ${state}, and takes ${latencyMs?.toFixed(1)} ms`);
}
client.close();
servers.stop();
