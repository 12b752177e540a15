import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import protobuf from 'protobufjs';

const FILES = [
  'envoy/config/bootstrap/v3/bootstrap.proto',
  'envoy/config/cluster/v3/cluster.proto',
  'envoy/config/endpoint/v3/endpoint.proto',
  'envoy/config/listener/v3/listener.proto',
  'envoy/config/route/v3/route.proto',
  'envoy/extensions/filters/http/fault/v3/fault.proto',
  'envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit.proto',
  'envoy/extensions/filters/http/router/v3/router.proto',
  'envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto',
  'envoy/extensions/load_balancing_policies/least_request/v3/least_request.proto',
  'envoy/extensions/load_balancing_policies/maglev/v3/maglev.proto',
  'envoy/extensions/load_balancing_policies/random/v3/random.proto',
  'envoy/extensions/load_balancing_policies/ring_hash/v3/ring_hash.proto',
  'envoy/extensions/load_balancing_policies/round_robin/v3/round_robin.proto',
  'envoy/extensions/load_balancing_policies/wrr_locality/v3/wrr_locality.proto',
  'envoy/extensions/load_balancing_policies/client_side_weighted_round_robin/v3/client_side_weighted_round_robin.proto',
  'envoy/extensions/retry/host/previous_hosts/v3/previous_hosts.proto',
  'envoy/extensions/retry/priority/previous_priorities/v3/previous_priorities_config.proto',
  'envoy/extensions/upstreams/http/v3/http_protocol_options.proto',
  'google/protobuf/struct.proto',
  'google/protobuf/wrappers.proto',
  'xds/type/v3/typed_struct.proto',
];

let loaded: protobuf.Root | undefined;

/** Envoy's own proto files, annotations included. */
export function envoySchema(): protobuf.Root {
  loaded ??= load();
  return loaded;
}

function load(): protobuf.Root {
  const require = createRequire(import.meta.url);
  const xds = path.join(path.dirname(require.resolve('@grpc/grpc-js/package.json')), '../grpc-js-xds/deps');
  const home = path.dirname(require.resolve('protobufjs/package.json'));
  const folders = [
    ...['envoy-api', 'googleapis', 'xds', 'protoc-gen-validate'].map((name) => path.join(xds, name)),
    home,
  ];
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => {
    const found = folders.map((folder) => path.join(folder, target)).find((file) => existsSync(file));
    return protobuf.common.get(target) ? target : (found ?? target);
  };
  root.loadSync(FILES, { keepCase: true }).resolveAll();
  return root;
}
