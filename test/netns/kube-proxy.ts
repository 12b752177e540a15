import { run } from './machine.js';

/** One port of a Service with the endpoints that are ready. */
export interface ServicePort {
  readonly clusterIp: string;
  readonly port: number;
  /** `address:port`. */
  readonly endpoints: readonly string[];
}

const CHAIN = 'KUBE-SERVICES';

/** Realises ClusterIPs as kube-proxy does in its iptables mode: a random endpoint for each new connection. */
export class KubeProxy {
  #rules = '';

  constructor() {
    this.sync([]);
    for (const hook of ['PREROUTING', 'OUTPUT']) run('iptables', ['-t', 'nat', '-A', hook, '-j', CHAIN]);
  }

  sync(ports: readonly ServicePort[]): void {
    const rules = ['*nat', `:${CHAIN} - [0:0]`, ...ports.flatMap(rulesOf), 'COMMIT', ''].join('\n');
    if (rules === this.#rules) return;
    this.#rules = rules;
    run('iptables-restore', ['--noflush'], rules);
  }
}

function rulesOf({ clusterIp, port, endpoints }: ServicePort): readonly string[] {
  const match = `-A ${CHAIN} -d ${clusterIp}/32 -p tcp -m tcp --dport ${port}`;
  return endpoints.map((endpoint, index) => {
    const left = endpoints.length - index;
    const chance = left === 1 ? '' : ` -m statistic --mode random --probability ${(1 / left).toFixed(8)}`;
    return `${match}${chance} -j DNAT --to-destination ${endpoint}`;
  });
}
