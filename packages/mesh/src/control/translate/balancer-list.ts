import type { LoadBalancingPolicy_Policy } from '../../xds/generated/envoy.config.cluster.v3.js';
import {
  type ClientSideWeightedRoundRobin,
  encodeClientSideWeightedRoundRobin,
} from '../../xds/generated/envoy.extensions.load_balancing_policies.client_side_weighted_round_robin.v3.js';
import { encodeLeastRequest } from '../../xds/generated/envoy.extensions.load_balancing_policies.least_request.v3.js';
import { encodeRandom } from '../../xds/generated/envoy.extensions.load_balancing_policies.random.v3.js';
import { encodeRoundRobin } from '../../xds/generated/envoy.extensions.load_balancing_policies.round_robin.v3.js';
import { encodeWrrLocality } from '../../xds/generated/envoy.extensions.load_balancing_policies.wrr_locality.v3.js';
import { encodeTypedStruct } from '../../xds/generated/xds.type.v3.js';
import { structOf, type JsonObject } from '../../xds/struct.js';
import {
  TYPE_LEAST_REQUEST_POLICY,
  TYPE_RANDOM_POLICY,
  TYPE_ROUND_ROBIN_POLICY,
  TYPE_TYPED_STRUCT,
  TYPE_WEIGHTED_ROUND_ROBIN_POLICY,
  TYPE_WRR_LOCALITY_POLICY,
} from '../../xds/type-urls.js';

/**
 * Entries of a `load_balancing_policy`, of which a client takes the first that it knows (gRFC A52, Envoy
 * `LoadBalancingPolicy`). An own balancer stands first, what every client knows last.
 */

/**
 * One of Weir's own balancers.
 *
 * @param name `weir_p2c_ewma`, say: as grpc-js registers it
 * @param config as in a gRPC service config: field names in lowerCamelCase, lengths of time in milliseconds
 */
export function ownBalancer(name: string, config: JsonObject): LoadBalancingPolicy_Policy {
  const value = encodeTypedStruct({ typeUrl: `type.googleapis.com/${name}`, value: structOf(config) });
  return { typedExtensionConfig: { name, typedConfig: { typeUrl: TYPE_TYPED_STRUCT, value } } };
}

export function leastRequestPolicy(choiceCount: number): LoadBalancingPolicy_Policy {
  const value = encodeLeastRequest({ choiceCount: { value: choiceCount } });
  return {
    typedExtensionConfig: {
      name: 'envoy.load_balancing_policies.least_request',
      typedConfig: { typeUrl: TYPE_LEAST_REQUEST_POLICY, value },
    },
  };
}

export function roundRobinPolicy(): LoadBalancingPolicy_Policy {
  return {
    typedExtensionConfig: {
      name: 'envoy.load_balancing_policies.round_robin',
      typedConfig: { typeUrl: TYPE_ROUND_ROBIN_POLICY, value: encodeRoundRobin({}) },
    },
  };
}

export function randomPolicy(): LoadBalancingPolicy_Policy {
  return {
    typedExtensionConfig: {
      name: 'envoy.load_balancing_policies.random',
      typedConfig: { typeUrl: TYPE_RANDOM_POLICY, value: encodeRandom({}) },
    },
  };
}

/** Round robin by the weights that endpoints report of themselves (gRFC A58). */
export function weightedRoundRobinPolicy(config: ClientSideWeightedRoundRobin): LoadBalancingPolicy_Policy {
  return {
    typedExtensionConfig: {
      name: 'envoy.load_balancing_policies.client_side_weighted_round_robin',
      typedConfig: {
        typeUrl: TYPE_WEIGHTED_ROUND_ROBIN_POLICY,
        value: encodeClientSideWeightedRoundRobin(config),
      },
    },
  };
}

/** Chooses a locality by weight, and in it an endpoint by the first of `policies` that the client knows. */
export function withinLocality(policies: readonly LoadBalancingPolicy_Policy[]): LoadBalancingPolicy_Policy {
  const value = encodeWrrLocality({ endpointPickingPolicy: { policies } });
  return {
    typedExtensionConfig: {
      name: 'envoy.load_balancing_policies.wrr_locality',
      typedConfig: { typeUrl: TYPE_WRR_LOCALITY_POLICY, value },
    },
  };
}
