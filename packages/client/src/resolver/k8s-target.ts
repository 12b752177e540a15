/** `name.namespace:port` taken apart. */
export interface K8sTarget {
  readonly service: string;
  /** `undefined`: the program's own. */
  readonly namespace: string | undefined;
  /** The Service's port by number or name; `undefined`: its only one. */
  readonly port: number | string | undefined;
}

const LABEL = '[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?';
const TARGET = new RegExp(`^(${LABEL})(?:\\.(${LABEL})(?:\\.svc(?:\\.[-a-z0-9.]+)?)?)?(?::([-a-z0-9]+))?$`);

/**
 * Parses what follows `k8s:///`: a Service's name as it stands in DNS (`greeter.shop`,
 * `greeter.shop.svc.cluster.local`), and its port by number or name.
 *
 * @throws {Error} when it is none, with how to write it
 */
export function parseK8sTarget(path: string): K8sTarget {
  const parts = TARGET.exec(path);
  const number = Number(parts?.[3]);
  if (parts === null || number === 0 || number > 65_535) {
    throw new Error(
      `k8s: ${JSON.stringify(path)} names no Service; write k8s:///name.namespace:port, the port by number or name`,
    );
  }
  const port = parts[3] === undefined || Number.isNaN(number) ? parts[3] : number;
  return { service: parts[1]!, namespace: parts[2], port };
}

/** What to say in `:authority`: there a port is a number. */
export function authorityOfK8sTarget(path: string): string {
  return path.replace(/:[^:]*[a-z][^:]*$/, '');
}
