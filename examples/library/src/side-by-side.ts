// One service, reached in two ways: by the sidecar, and by the library.
import { credentials } from '@grpc/grpc-js';
import { register } from '@weir/client';
import { Greeter } from 'weir-example-greeter/dist/greeter.js';
import { greet } from './greet.js';
import { startGreeters } from './greeter-servers.js';
import { startWeir } from './weir-run.js';

const servers = await startGreeters(['greeter-a', 'greeter-b', 'greeter-c']);
const weir = await startWeir(servers.addresses);

const sidecar = new Greeter(weir.greeter, credentials.createInsecure(), {});
await greet('by the sidecar: any language, nothing to change', sidecar);
sidecar.close();

register();
const library = new Greeter(`static:///${servers.addresses.join(',')}`, credentials.createInsecure(), {});
await greet('by the library: no further process, no further hop', library);
library.close();

weir.stop();
servers.stop();
