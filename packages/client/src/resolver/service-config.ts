/** The part of a service config that grpc-js takes from a resolver, in the form it has once it is validated. */
export interface ServiceConfig {
  readonly loadBalancingConfig: readonly Readonly<Record<string, object>>[];
  readonly methodConfig: readonly object[];
  readonly retryThrottling?: object;
}

interface JsonServiceConfig {
  readonly loadBalancingConfig?: readonly Readonly<Record<string, object>>[];
  readonly methodConfig?: readonly { readonly timeout?: unknown }[];
  readonly retryThrottling?: object;
}

/** What a target of ours is balanced by unless the user says otherwise. */
export const DEFAULT_POLICY = 'weir_p2c_ewma';

/**
 * The user's service config (`grpc.service_config`) for a target of ours. Where it names no policy that is
 * known, the default is put: grpc-js would fall back to `pick_first` without a word. Methods and retries are as
 * they were given, and a timeout of `1.5s` is that: grpc-js' own reading makes a second and five nanoseconds of
 * it.
 *
 * @param json as the channel was given it; grpc-js has validated it before it creates a resolver
 * @param isKnown whether a policy is registered
 */
export function withDefaultPolicy(json: unknown, isKnown: (policy: string) => boolean): ServiceConfig {
  const given = (typeof json === 'string' ? JSON.parse(json) : {}) as JsonServiceConfig;
  const policies = given.loadBalancingConfig ?? [];
  const names = policies.flatMap((entry) => Object.keys(entry));
  if (names.length > 0 && !names.some(isKnown)) {
    process.emitWarning(
      `no policy of the service config is known (${names.join(', ')}): ${DEFAULT_POLICY} is used`,
      { type: 'WeirWarning', code: 'WEIR_UNKNOWN_POLICY' },
    );
  }
  return {
    loadBalancingConfig: [...policies, { [DEFAULT_POLICY]: {} }],
    methodConfig: (given.methodConfig ?? []).map((method) =>
      typeof method.timeout === 'string' ? { ...method, timeout: durationOf(method.timeout) } : method,
    ),
    ...(given.retryThrottling === undefined ? {} : { retryThrottling: given.retryThrottling }),
  };
}

/** @param text seconds with an `s`, as JSON has a protobuf duration */
function durationOf(text: string): { seconds: number; nanos: number } {
  const [seconds = '0', fraction = ''] = text.slice(0, -1).split('.');
  return { seconds: Number(seconds), nanos: Number(fraction.slice(0, 9).padEnd(9, '0')) };
}
