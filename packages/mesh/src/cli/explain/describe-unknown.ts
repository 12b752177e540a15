import { isVisible, type Model, type ModelService } from '../../control/registry/model.js';
import { carriesRequests } from '../../control/registry/protocol.js';
import { nearest } from '../../kube/manifest/near-miss.js';
import type { HostPort } from '../parse-address.js';

/** Why nobody answers for a host on a port to a client in `namespace`, and what to do. */
export function describeUnknown(model: Model, { host, port }: HostPort, namespace: string): string {
  const name = host.toLowerCase();
  const visible = model.services.filter((service) => isVisible(service, namespace));
  const service = visible.find((each) => namesOf(each, namespace).includes(name));
  if (service !== undefined) return describePort(service, port);
  const hidden = model.services.find((each) => namesOf(each, namespace).includes(name));
  if (hidden !== undefined) {
    return `${hidden.origin} is not exported to namespace ${namespace}: see its exportTo`;
  }
  const elsewhere = visible.find(({ shortName }) => shortName === name);
  const meant =
    elsewhere?.host ??
    nearest(
      name,
      visible.flatMap((each) => namesOf(each, namespace)),
    );
  const hint =
    meant === undefined
      ? '; put its Service or ServiceEntry into the directory, or say with -n who calls'
      : `; did you mean ${JSON.stringify(meant)}?`;
  return `no service has the name ${JSON.stringify(name)} for a client in namespace ${namespace}${hint}`;
}

function namesOf(service: ModelService, namespace: string): readonly string[] {
  const { host, aliases, shortName, addresses } = service;
  const short = service.namespace === namespace && shortName !== undefined ? [shortName] : [];
  return [...short, host, ...aliases.map((alias) => alias.toLowerCase()), ...addresses];
}

function describePort({ origin, ports }: ModelService, port: number): string {
  const found = ports.find(({ number }) => number === port);
  if (found !== undefined) {
    return carriesRequests(found.protocol)
      ? `the name stands for another service on port ${port} than ${origin}`
      : `port ${port} of ${origin} is ${found.protocol}: its connections pass through and no rule applies; ` +
          'name the port "grpc", or set its appProtocol to grpc, to have its requests routed';
  }
  const numbers = ports.filter(({ protocol }) => carriesRequests(protocol)).map(({ number }) => number);
  const has =
    numbers.length === 0 ? 'it has none that carries requests' : `did you mean ${numbers.join(' or ')}?`;
  return `${origin} has no port ${port}; ${has}`;
}
