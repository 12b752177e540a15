import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { Random } from '../random.js';
import { areEqual } from './host-view.js';
import { DRAW_STEPS, pickAmongLeft } from './pick-among-left.js';

/** After so many draws that hit a host tried before, all hosts are looked at. */
const MOST_DRAWS = 8;

/**
 * Draws hosts by weight, each draw in constant time however many there are (the alias method, Vose 1991):
 * every host has a bin of the same width, filled up by another host where its own weight does not reach.
 */
export class WeightedDraw<Host extends EndpointState> {
  readonly #hosts: readonly Host[];
  readonly #weights: readonly number[];
  readonly #random: Random;
  /** How much of its bin, in steps, is the host's own; empty when the weights are equal. */
  readonly #own: Int32Array;
  /** Whose the rest is. */
  readonly #alias: Int32Array;

  /** @param hosts with a weight each, more than 0; both arrays are kept */
  constructor(hosts: readonly Host[], weights: readonly number[], random: Random) {
    this.#hosts = hosts;
    this.#weights = weights;
    this.#random = random;
    const count = areEqual(weights) ? 0 : weights.length;
    this.#own = new Int32Array(count);
    this.#alias = new Int32Array(count);
    if (count > 0) this.#fillBins();
  }

  /** A host that is not excluded; `undefined` when there is none. */
  next(excluded: ReadonlySet<EndpointState> | undefined): Host | undefined {
    const hosts = this.#hosts;
    if (hosts.length === 0) return undefined;
    if (excluded === undefined || excluded.size === 0) return hosts[this.#index()];
    for (let draw = 0; draw < MOST_DRAWS; draw++) {
      const host = hosts[this.#index()]!;
      if (!excluded.has(host)) return host;
    }
    return pickAmongLeft(hosts, this.#weights, excluded, this.#random);
  }

  /**
   * Another host than that, which is not excluded; `undefined` when there is none. Drawn by weight as well,
   * except that one which outweighs all others together cannot hide them.
   */
  nextBut(host: Host, excluded: ReadonlySet<EndpointState> | undefined): Host | undefined {
    const hosts = this.#hosts;
    const count = hosts.length;
    if (count < 2) return undefined;
    for (let draw = 0; draw < MOST_DRAWS; draw++) {
      const other = hosts[this.#index()]!;
      if (other !== host && (excluded === undefined || !excluded.has(other))) return other;
    }
    const start = this.#random.int(count);
    for (let step = 0; step < count; step++) {
      const other = hosts[(start + step) % count]!;
      if (other !== host && (excluded === undefined || !excluded.has(other))) return other;
    }
    return undefined;
  }

  #index(): number {
    const bin = this.#random.int(this.#hosts.length);
    if (this.#own.length === 0) return bin;
    return this.#random.int(DRAW_STEPS) < this.#own[bin]! ? bin : this.#alias[bin]!;
  }

  #fillBins(): void {
    const weights = this.#weights;
    const count = weights.length;
    const mean = weights.reduce((sum, weight) => sum + weight, 0) / count;
    const filled = Float64Array.from(weights, (weight) => weight / mean);
    const short: number[] = [];
    const long: number[] = [];
    filled.forEach((share, index) => (share < 1 ? short : long).push(index));
    while (short.length > 0 && long.length > 0) {
      const taker = short.pop()!;
      const giver = long.at(-1)!;
      this.#own[taker] = Math.round(filled[taker]! * DRAW_STEPS);
      this.#alias[taker] = giver;
      filled[giver]! -= 1 - filled[taker]!;
      if (filled[giver]! < 1) short.push(long.pop()!);
    }
    // What rounding has left over fills its own bin.
    for (const index of [...short, ...long]) this.#own[index] = DRAW_STEPS;
  }
}
