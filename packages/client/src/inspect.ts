import { type GrpcCopy, loadedCopies } from './grpc-copies.js';
import type { ConnectionState, PolicyDescription } from './policy/policy.js';

/** A channel of grpc-js, or a client, which has one. */
export interface Inspectable {
  getChannel?(): object;
  getTarget?(): string;
}

/** A policy in use; one that is not ours says no more than its name. */
export interface PolicyInUse extends Partial<PolicyDescription> {
  readonly policy: string;
  readonly children: readonly PolicyInUse[];
}

export interface Inspection {
  readonly target: string;
  readonly state: ConnectionState | 'shut down';
  /** The policy that balances now, and those that are in it. `undefined` before the first call. */
  readonly policy: PolicyInUse | undefined;
  /** What has surely gone wrong, with what to do about it; empty when nothing has. */
  readonly problems: readonly string[];
  /** Every copy of grpc-js that the process has loaded: more than one is a problem. */
  readonly copies: readonly { readonly folder: string; readonly version: string }[];
}

const STATES = ['idle', 'connecting', 'ready', 'failed', 'shut down'] as const;

/**
 * Which policy is really in use in a channel, and each endpoint's state, weight and latency. For people: it
 * looks into grpc-js, and costs more than a call.
 *
 * @param of a client or a channel of grpc-js
 * @throws {TypeError} when it is neither
 */
export function inspect(of: Inspectable): Inspection {
  const channel = (of.getChannel?.() ?? of) as { internalChannel?: InternalChannel; getTarget?(): string };
  const internal = channel.internalChannel;
  if (internal?.resolvingLoadBalancer === undefined) {
    throw new TypeError('inspect takes a client or a channel of @grpc/grpc-js');
  }
  const target = channel.getTarget?.() ?? '';
  const [policy] = policiesIn(internal.resolvingLoadBalancer, new Set());
  const copies = loadedCopies();
  return {
    target,
    state: STATES[internal.connectivityState] ?? 'idle',
    policy,
    problems: problemsOf(target, policy, wantedBy(internal), copies),
    copies: copies.map(({ folder, version }) => ({ folder, version })),
  };
}

/** Counters and gauges of a channel as they are now. */
export interface ChannelSnapshot {
  readonly target: string;
  readonly state: Inspection['state'];
  /** One for each policy of ours that is in use: over xDS there may be several. */
  readonly policies: readonly PolicyDescription[];
}

/**
 * The numbers of a channel, to be exported as one likes.
 *
 * @param of a client or a channel of grpc-js
 * @throws {TypeError} when it is neither
 */
export function snapshot(of: Inspectable): ChannelSnapshot {
  const { target, state, policy } = inspect(of);
  return { target, state, policies: policy === undefined ? [] : oursIn(policy) };
}

/** Fields of grpc-js' own channel; the same in all versions that are supported. */
interface InternalChannel {
  readonly resolvingLoadBalancer?: object;
  readonly connectivityState: number;
  readonly options?: Readonly<Record<string, unknown>>;
}

/** A policy of grpc-js, or the handler that holds one or two. */
interface LoadBalancer {
  getTypeName(): string;
  describe?(): PolicyDescription;
}

/** Not policies of the user's, but what grpc-js builds with. */
const SCAFFOLDING = new Set(['resolving_load_balancer', 'child_load_balancer_helper']);
/** Fields that lead elsewhere than to the policies below: up, to what picks, to what resolves. */
const NOT_DOWNWARDS =
  /^(?:parent|channelControlHelper|innerResolver|backoffTimeout|latestConfig|.*[pP]icker)$/;

/** The policies that an object of grpc-js holds, directly or in its fields. */
function policiesIn(value: unknown, seen: Set<object>): PolicyInUse[] {
  if (typeof value !== 'object' || value === null || seen.has(value) || seen.size > 10_000) return [];
  seen.add(value);
  // The connections of one endpoint are pick_first each; nobody asked for them.
  if ('pickFirstBalancer' in value) return [];
  const parts =
    value instanceof Map
      ? [...value.values()]
      : Object.entries(value).flatMap(([name, part]: [string, unknown]) =>
          NOT_DOWNWARDS.test(name) ? [] : [part],
        );
  const isHandler = isLoadBalancer(value);
  const name = isHandler ? value.getTypeName() : '';
  const children = (): PolicyInUse[] => parts.flatMap((part) => policiesIn(part, seen));
  if (!isHandler || SCAFFOLDING.has(name)) return children();
  return [{ policy: name, ...value.describe?.(), children: children() }];
}

function isLoadBalancer(value: object): value is LoadBalancer {
  return 'getTypeName' in value && typeof value.getTypeName === 'function';
}

function oursIn({ children, ...policy }: PolicyInUse): PolicyDescription[] {
  const own = policy.endpoints === undefined ? [] : [policy as PolicyDescription];
  return [...own, ...children.flatMap(oursIn)];
}

/** The policies that the user's service config names, the first first. */
function wantedBy({ options }: InternalChannel): readonly string[] {
  const json = options?.['grpc.service_config'];
  if (typeof json !== 'string') return [];
  const { loadBalancingConfig = [] } = JSON.parse(json) as { loadBalancingConfig?: object[] };
  return loadBalancingConfig.flatMap((entry) => Object.keys(entry));
}

function problemsOf(
  target: string,
  policy: PolicyInUse | undefined,
  [wanted]: readonly string[],
  copies: readonly GrpcCopy[],
): string[] {
  const problems: string[] = [];
  if (wanted !== undefined && policy !== undefined && policy.policy !== wanted) {
    problems.push(
      `the service config asks for ${wanted}, and ${policy.policy} is in use: ${wanted} is misspelt, its ` +
        `configuration is wrong, or register() was called for another copy of grpc-js, or after the channel was made`,
    );
  }
  if (wanted === undefined && policy?.policy === 'pick_first' && !target.startsWith('unix:')) {
    problems.push(
      `pick_first is in use: all calls go to one endpoint. Ask for a policy in grpc.service_config, ` +
        `{"loadBalancingConfig":[{"weir_p2c_ewma":{}}]}`,
    );
  }
  if (copies.length > 1) {
    const list = copies.map(({ version, folder }) => `${version} in ${folder}`).join(', ');
    problems.push(`there are ${copies.length} copies of grpc-js: ${list}; policies are registered with one`);
  }
  return problems;
}
