import type { Model, ModelPort } from './model.js';

/**
 * Whether the step from one model to the next takes something out of use: a service, a port, or an endpoint
 * that was healthy. Such a step cannot wait, since every call sent there meanwhile fails.
 */
export function withdraws(before: Model, after: Model): boolean {
  if (before.shape === after.shape && before.services.length === after.services.length) {
    return before.services.some((service, index) => {
      const successor = after.services[index] ?? service;
      return service !== successor && service.ports.some((port) => portWithdraws(port, successor.ports));
    });
  }
  // A host may be there twice, for different namespaces.
  const remaining = new Set(after.services);
  const changed = before.services.filter((service) => !remaining.has(service));
  if (changed.length === 0) return false;
  const successors = new Map(after.services.map((service) => [`${service.origin} ${service.host}`, service]));
  return changed.some((service) => {
    const successor = successors.get(`${service.origin} ${service.host}`);
    return successor === undefined || service.ports.some((port) => portWithdraws(port, successor.ports));
  });
}

function portWithdraws(before: ModelPort, ports: readonly ModelPort[]): boolean {
  const after = ports.find((port) => port.number === before.number && port.protocol === before.protocol);
  if (after === undefined) return true;
  const healthy = new Set(healthyAddresses(after));
  return healthyAddresses(before).some((address) => !healthy.has(address));
}

function healthyAddresses({ endpoints }: ModelPort): string[] {
  return endpoints.filter(({ health }) => health === 'healthy').map(({ host, port }) => `${host} ${port}`);
}
