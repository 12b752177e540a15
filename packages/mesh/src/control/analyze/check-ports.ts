import type { Problem } from '../../kube/problem.js';
import type { ServiceObject } from '../../kube/resources/service.js';
import type { Model, ModelService } from '../registry/model.js';
import { carriesRequests, protocolOfPort, type Protocol } from '../registry/protocol.js';
import { problemAt, type Loaded } from '../registry/source.js';

/** Ports that contradict themselves (WEIR0201) or are not known to speak what rules need (WEIR0202). */
export function checkPorts(model: Model, services: readonly Loaded<ServiceObject>[]): Problem[] {
  const byOrigin = new Map(model.services.map((service) => [service.origin, service]));
  return services.flatMap((service) => [
    ...findContradictions(service),
    ...findUnknown(service, model, byOrigin),
  ]);
}

function findContradictions(service: Loaded<ServiceObject>): Problem[] {
  return (service.object.spec.ports ?? []).flatMap((port, index) => {
    const facts = { number: port.port, transport: port.protocol };
    const byName = protocolOfPort({ ...facts, name: port.name, appProtocol: undefined });
    const byAppProtocol = protocolOfPort({ ...facts, name: undefined, appProtocol: port.appProtocol });
    if (port.appProtocol === undefined || byName === 'auto' || byAppProtocol === 'auto') return [];
    if (family(byName) === family(byAppProtocol)) return [];
    const message = `the name ${JSON.stringify(port.name)} says ${byName}, appProtocol says ${byAppProtocol}, which counts; make them agree`;
    return [problemAt(service, ['spec', 'ports', index, 'appProtocol'], 'warning', 'WEIR0201', message)];
  });
}

function findUnknown(
  service: Loaded<ServiceObject>,
  model: Model,
  byOrigin: ReadonlyMap<string, ModelService>,
): Problem[] {
  const known = byOrigin.get(service.key);
  if (known === undefined || !hasRules(known.host, model)) return [];
  return known.ports.flatMap((port) => {
    const index = (service.object.spec.ports ?? []).findIndex(({ port: number }) => number === port.number);
    if (family(port.protocol) === 'http2' || port.protocol === 'udp') return [];
    const called = `port ${port.number}${port.name === '' ? '' : ` (${port.name})`}`;
    const does = carriesRequests(port.protocol)
      ? `${called} is not known to speak HTTP/2, and the rules for ${known.host} hold only where it does`
      : `${called} is ${port.protocol} and passes through untouched, so the rules for ${known.host} do not hold on it`;
    const message = `${does}; if it speaks gRPC, name it "grpc" or "grpc-…", or set appProtocol: grpc`;
    return [problemAt(service, ['spec', 'ports', index], 'warning', 'WEIR0202', message)];
  });
}

function hasRules(host: string, { policies }: Model): boolean {
  return (
    policies.virtualServicesByHost.groupsFor(host).length > 0 ||
    policies.grpcPolicies.has(host) ||
    [...policies.destinationRulesByHost.values()].some((rules) => rules.groupsFor(host).length > 0)
  );
}

/** `grpc` is `http2`: the one is spoken over the other. */
function family(protocol: Protocol): Protocol {
  return protocol === 'grpc' || protocol === 'grpc-web' ? 'http2' : protocol;
}
