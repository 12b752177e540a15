import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { ip } from './machine.js';

/** The address that every pod knows as its router; each has it at the other end of its cable. */
const ROUTER = '169.254.1.1';

/** A pod's own network: a namespace with one interface. */
export interface PodNetwork {
  /** As `ip netns` knows it. */
  readonly name: string;
  readonly address: string;
}

/**
 * The network of a node, which is the network namespace that this process runs in: each pod has a cable to it and
 * is routed, as with Calico, so that every packet between two pods passes the node's iptables.
 */
export class NodeNetwork {
  readonly #prefix: string;
  readonly #pods = new Set<PodNetwork>();
  #next = 2;

  /** @param prefix of the namespaces' names, which are the machine's */
  constructor(prefix: string) {
    this.#prefix = prefix;
    ip('link set lo up');
    writeFileSync('/proc/sys/net/ipv4/ip_forward', '1');
  }

  /** @param hosts what is to stand in the pod's /etc/hosts besides itself */
  addPod(hosts: string): PodNetwork {
    const number = this.#next++;
    const name = `${this.#prefix}-${number}`;
    const address = `10.244.${Math.floor(number / 250)}.${(number % 250) + 2}`;
    const cable = `veth${number}`;
    mkdirSync(`/etc/netns/${name}`, { recursive: true });
    this.setHosts({ name, address }, hosts);
    ip(`netns add ${name}`);
    const pod = { name, address };
    this.#pods.add(pod);
    ip(`link add ${cable} type veth peer name eth0 netns ${name}`);
    ip(`addr add ${ROUTER}/32 dev ${cable}`);
    ip(`link set ${cable} up`);
    ip(`route add ${address}/32 dev ${cable}`);
    ip(`-n ${name} link set lo up`);
    ip(`-n ${name} addr add ${address}/32 dev eth0`);
    ip(`-n ${name} link set eth0 up`);
    ip(`-n ${name} route add ${ROUTER} dev eth0`);
    ip(`-n ${name} route add default via ${ROUTER}`);
    return pod;
  }

  /** What `ip netns exec` puts in place of /etc/hosts; written in place, as processes hold the file. */
  setHosts({ name, address }: PodNetwork, hosts: string): void {
    writeFileSync(
      `/etc/netns/${name}/hosts`,
      `127.0.0.1 localhost\n::1 localhost\n${address} ${name}\n${hosts}`,
    );
  }

  removePod(pod: PodNetwork): void {
    if (!this.#pods.delete(pod)) return;
    ip(`netns del ${pod.name}`);
    rmSync(`/etc/netns/${pod.name}`, { recursive: true, force: true });
  }

  destroy(): void {
    for (const pod of [...this.#pods]) this.removePod(pod);
  }
}
