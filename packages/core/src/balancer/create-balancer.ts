import type { EndpointState } from '../endpoint/endpoint-state.js';
import type { Random } from '../random.js';
import type { Balancer } from './balancer.js';
import { LeastRequestBalancer } from './least-request.js';
import { RandomBalancer } from './random-balancer.js';
import { RoundRobinBalancer } from './round-robin.js';

/** A balancing algorithm with its settings, which are Envoy's. */
export type BalancerPolicy =
  | { readonly name: 'round_robin' }
  | { readonly name: 'random' }
  | {
      readonly name: 'least_request';
      /** How many hosts are compared, at least 2 (`LeastRequestLbConfig.choice_count`, default 2). */
      readonly choiceCount: number;
      /**
       * How strongly requests in flight push a host's weight down when weights differ; at least 0, where 0
       * means not at all (`LeastRequestLbConfig.active_request_bias`, default 1).
       */
      readonly activeRequestBias: number;
    };

/** Least request with Envoy's defaults. */
export const defaultBalancerPolicy: BalancerPolicy = {
  name: 'least_request',
  choiceCount: 2,
  activeRequestBias: 1,
};

/**
 * The balancer for a policy. It has no hosts until its first `update`.
 *
 * @throws {RangeError} when a setting is out of its range
 */
export function createBalancer<Host extends EndpointState = EndpointState>(
  policy: BalancerPolicy,
  random: Random,
): Balancer<Host> {
  switch (policy.name) {
    case 'round_robin':
      return new RoundRobinBalancer(random);
    case 'random':
      return new RandomBalancer(random);
    case 'least_request':
      return new LeastRequestBalancer(policy, random);
  }
}
