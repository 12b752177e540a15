import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { LoadReport } from '../load/load-report.js';
import type { Random } from '../random.js';
import type { AttemptFeedback } from './attempt-feedback.js';
import type { Balancer, PickContext } from './balancer.js';
import { groupBy } from './group-by.js';
import { asDescribed, type HostView } from './host-view.js';
import { DRAW_STEPS } from './pick-among-left.js';

/** How hosts are divided into groups, each with a share of the requests. */
export interface Division {
  /** The group a host belongs to. */
  nameOf(host: EndpointState): string;
  /** A group's share in relation to the others; 0: none. */
  weightOf(name: string, hosts: readonly EndpointState[]): number;
  /** Whether groups without a share are used when nobody else is left. */
  readonly hasSpares: boolean;
}

/** Divides the hosts of the moment. */
export type Divide = (hosts: readonly EndpointState[], view: HostView) => Division;

interface Group<Host extends EndpointState> {
  readonly balancer: Balancer<Host>;
  readonly weight: number;
}

/** Divides the requests among groups of hosts by a draw, and leaves each group to a balancer of its own. */
export class GroupBalancer<Host extends EndpointState> implements Balancer<Host> {
  readonly name: string;
  readonly pickAfterProbes: Balancer<Host>['pickAfterProbes'];
  readonly #divide: Divide;
  readonly #create: () => Balancer<Host>;
  readonly #random: Random;
  #division: Division | undefined;
  #groups = new Map<string, Group<Host>>();
  /** Those with a share. */
  #drawn: readonly Group<Host>[] = [];
  #spares: readonly Group<Host>[] = [];
  #total = 0;

  constructor(divide: Divide, create: () => Balancer<Host>, random: Random) {
    const { name, pickAfterProbes } = create();
    this.name = name;
    this.pickAfterProbes = pickAfterProbes && ((context, onPicked) => this.#ask(context, onPicked));
    this.#divide = divide;
    this.#create = create;
    this.#random = random;
  }

  update(hosts: readonly Host[], view: HostView = asDescribed): void {
    const before = this.#groups;
    const division = this.#divide(hosts, view);
    this.#division = division;
    this.#groups = new Map();
    for (const [name, group] of groupBy(hosts, (host) => division.nameOf(host))) {
      const balancer = before.get(name)?.balancer ?? this.#create();
      balancer.update(group, view);
      this.#groups.set(name, { balancer, weight: division.weightOf(name, group) });
    }
    for (const [name, { balancer }] of before) {
      if (!this.#groups.has(name)) balancer.close?.();
    }
    const groups = [...this.#groups.values()];
    this.#drawn = groups.filter(({ weight }) => weight > 0);
    this.#spares = division.hasSpares ? groups.filter(({ weight }) => weight <= 0) : [];
    this.#total = this.#drawn.reduce((sum, { weight }) => sum + weight, 0);
  }

  pick(context: PickContext): Host | undefined {
    const groups = this.#drawn;
    const drawn = this.#draw();
    // All of its hosts may have been tried: then any other will do.
    for (let step = 0; step < groups.length; step++) {
      const picked = groups[(drawn + step) % groups.length]!.balancer.pick(context);
      if (picked !== undefined) return picked;
    }
    for (const { balancer } of this.#spares) {
      const picked = balancer.pick(context);
      if (picked !== undefined) return picked;
    }
    return undefined;
  }

  onAttemptEnd(host: Host, feedback: AttemptFeedback): void {
    this.#balancerOf(host)?.onAttemptEnd?.(host, feedback);
  }

  onLoadReport(host: Host, report: LoadReport): void {
    this.#balancerOf(host)?.onLoadReport?.(host, report);
  }

  close(): void {
    for (const { balancer } of this.#groups.values()) balancer.close?.();
  }

  #balancerOf(host: Host): Balancer<Host> | undefined {
    const name = this.#division?.nameOf(host);
    return name === undefined ? undefined : this.#groups.get(name)?.balancer;
  }

  #draw(): number {
    const groups = this.#drawn;
    if (groups.length < 2) return 0;
    let point = (this.#random.int(DRAW_STEPS) / DRAW_STEPS) * this.#total;
    let drawn = 0;
    while (drawn + 1 < groups.length && point >= groups[drawn]!.weight) {
      point -= groups[drawn]!.weight;
      drawn += 1;
    }
    return drawn;
  }

  #ask(context: PickContext, onPicked: (host: Host | undefined) => void): void {
    const drawn = this.#drawn[this.#draw()]?.balancer;
    if (drawn?.pickAfterProbes === undefined) return onPicked(this.pick(context));
    drawn.pickAfterProbes(context, (host) => onPicked(host ?? this.pick(context)));
  }
}
