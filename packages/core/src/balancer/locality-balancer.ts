import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { Random } from '../random.js';
import type { LoadReport } from '../load/load-report.js';
import type { AttemptFeedback } from './attempt-feedback.js';
import type { Balancer, PickContext } from './balancer.js';
import { groupBy } from './group-by.js';
import { asDescribed, type HostView } from './host-view.js';
import { DRAW_STEPS } from './pick-among-left.js';

interface Locality<Host extends EndpointState> {
  readonly balancer: Balancer<Host>;
  /** Its share of the requests, in relation to the others. */
  readonly weight: number;
}

/**
 * Divides the requests among localities by their weights and leaves each locality to a balancer of its own
 * (Envoy's locality weighted load balancing). One that has lost hosts has less:
 * `weight * min(1, available / total * overprovisioning)`. Where no locality has a weight, the hosts' count.
 *
 * A request that is bound to a host must not depend on a draw, so a balancer by hash has all hosts at once,
 * and the weights of the localities in theirs.
 */
export class LocalityBalancer<Host extends EndpointState> implements Balancer<Host> {
  readonly name: string;
  readonly pickAfterProbes: Balancer<Host>['pickAfterProbes'];
  readonly #create: () => Balancer<Host>;
  readonly #random: Random;
  readonly #overprovisioningPercent: number;
  #localities = new Map<string, Locality<Host>>();
  #drawn: readonly Locality<Host>[] = [];
  #total = 0;

  constructor(create: () => Balancer<Host>, random: Random, overprovisioningPercent: number) {
    const { name, pickAfterProbes } = create();
    this.name = name;
    this.pickAfterProbes = pickAfterProbes && ((context, onPicked) => this.#ask(context, onPicked));
    this.#create = create;
    this.#random = random;
    this.#overprovisioningPercent = overprovisioningPercent;
  }

  update(hosts: readonly Host[], view: HostView = asDescribed): void {
    const before = this.#localities;
    const weighted = haveWeights(hosts);
    this.#localities = new Map();
    for (const [name, group] of groupBy(hosts, ({ endpoint }) => endpoint.locality)) {
      const balancer = before.get(name)?.balancer ?? this.#create();
      balancer.update(group, view);
      const weight = weighted
        ? effectiveWeight(group, view, this.#overprovisioningPercent)
        : weightOfAvailable(group, view);
      this.#localities.set(name, { balancer, weight });
    }
    for (const [name, { balancer }] of before) {
      if (!this.#localities.has(name)) balancer.close?.();
    }
    this.#drawn = [...this.#localities.values()].filter(({ weight }) => weight > 0);
    this.#total = this.#drawn.reduce((sum, { weight }) => sum + weight, 0);
  }

  pick(context: PickContext): Host | undefined {
    const localities = this.#drawn;
    const drawn = this.#draw();
    // All of its hosts may have been tried: then any other will do.
    for (let step = 0; step < localities.length; step++) {
      const picked = localities[(drawn + step) % localities.length]!.balancer.pick(context);
      if (picked !== undefined) return picked;
    }
    return undefined;
  }

  #draw(): number {
    const localities = this.#drawn;
    let point = (this.#random.int(DRAW_STEPS) / DRAW_STEPS) * this.#total;
    let drawn = 0;
    while (drawn + 1 < localities.length && point >= localities[drawn]!.weight) {
      point -= localities[drawn]!.weight;
      drawn += 1;
    }
    return drawn;
  }

  #ask(context: PickContext, onPicked: (host: Host | undefined) => void): void {
    const drawn = this.#drawn[this.#draw()]?.balancer;
    if (drawn?.pickAfterProbes === undefined) return onPicked(this.pick(context));
    drawn.pickAfterProbes(context, (host) => onPicked(host ?? this.pick(context)));
  }

  onAttemptEnd(host: Host, feedback: AttemptFeedback): void {
    this.#localities.get(host.endpoint.locality)?.balancer.onAttemptEnd?.(host, feedback);
  }

  onLoadReport(host: Host, report: LoadReport): void {
    this.#localities.get(host.endpoint.locality)?.balancer.onLoadReport?.(host, report);
  }

  close(): void {
    for (const { balancer } of this.#localities.values()) balancer.close?.();
  }
}

/** The weights of hosts so that those of a locality have its share together. */
export function localityWeighted(
  hosts: readonly EndpointState[],
  view: HostView,
  overprovisioningPercent: number,
): HostView {
  if (!haveWeights(hosts)) return view;
  const groups = groupBy(hosts, ({ endpoint }) => endpoint.locality);
  const factors = new Map<string, number>();
  for (const [locality, group] of groups) {
    const weight = effectiveWeight(group, view, overprovisioningPercent);
    const own = group.reduce((sum, host) => sum + view.weightOf(host), 0);
    if (weight > 0) factors.set(locality, weight / own);
  }
  return {
    isAvailable: (host) => view.isAvailable(host) && factors.has(host.endpoint.locality),
    weightOf: (host) => view.weightOf(host) * (factors.get(host.endpoint.locality) ?? 1),
  };
}

function haveWeights(hosts: readonly EndpointState[]): boolean {
  return hosts.some(({ endpoint }) => (endpoint.localityWeight ?? 0) > 0);
}

function weightOfAvailable(hosts: readonly EndpointState[], view: HostView): number {
  return hosts.reduce((sum, host) => sum + (view.isAvailable(host) ? view.weightOf(host) : 0), 0);
}

/** Envoy: "effective_weight(L_X) = locality_weight_X * min(100%, 140% * availability(L_X))". */
function effectiveWeight(
  hosts: readonly EndpointState[],
  view: HostView,
  overprovisioningPercent: number,
): number {
  const counted = hosts.filter(({ endpoint }) => endpoint.health !== 'draining').length;
  const available = hosts.filter((host) => view.isAvailable(host)).length;
  if (available === 0) return 0;
  const weight = Math.max(...hosts.map(({ endpoint }) => endpoint.localityWeight ?? 0));
  return weight * Math.min(1, ((available / counted) * overprovisioningPercent) / 100);
}
