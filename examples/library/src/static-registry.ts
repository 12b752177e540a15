// For those who come from go-zero: a registry without etcd. go-zero's `zrpc` takes a list of endpoints from the
// configuration and balances by `p2c_ewma`; so does this, algorithm included.
import { credentials } from '@grpc/grpc-js';
import { register } from '@weir/client';
import { Greeter, type GreeterClient } from 'weir-example-greeter/dist/greeter.js';
import { greet } from './greet.js';
import { startGreeters } from './greeter-servers.js';

/** `zrpc.RpcClientConf`, as far as it is about endpoints. */
interface RpcClientConf {
  readonly Endpoints: readonly string[];
  /** Milliseconds. */
  readonly Timeout: number;
}

register();

/** What `zrpc.MustNewClient` does. */
function newClient({ Endpoints, Timeout }: RpcClientConf): GreeterClient {
  const serviceConfig = {
    loadBalancingConfig: [{ weir_go_zero_p2c: {} }],
    methodConfig: [{ name: [{}], timeout: `${Timeout / 1000}s` }],
  };
  return new Greeter(`static:///${Endpoints.join(',')}`, credentials.createInsecure(), {
    'grpc.service_config': JSON.stringify(serviceConfig),
  });
}

const servers = await startGreeters(['user-rpc-1', 'user-rpc-2', 'user-rpc-3']);
const client = newClient({ Endpoints: servers.addresses, Timeout: 2000 });
await greet("go-zero's p2c_ewma over static endpoints", client);
client.close();
servers.stop();
