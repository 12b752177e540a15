// One service, reached in three ways: by the sidecar, by the library, and by gRPC's own xDS client with the library.
import { credentials } from '@grpc/grpc-js';
import { register as registerXds } from '@grpc/grpc-js-xds';
import { register, snapshot } from '@weir/client';
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

// What `GRPC_XDS_BOOTSTRAP=bootstrap.json node client.js` does.
process.env['GRPC_XDS_BOOTSTRAP'] = weir.bootstrap;
registerXds();
const xds = new Greeter('xds:///greeter:50051', credentials.createInsecure(), {});
await greet('by xDS: the same control plane as the sidecar, the same balancers as the library', xds);
console.log(
  `  balanced by ${snapshot(xds)
    .policies.map(({ policy }) => policy)
    .join()}`,
);
xds.close();

weir.stop();
servers.stop();
