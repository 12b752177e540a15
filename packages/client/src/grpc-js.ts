/**
 * The one file that touches grpc-js' experimental interface, which changed in 1.13 (constructors of policies,
 * `updateState`) and in 1.14 (resolver listener, `updateAddressList`, `onCallEnded`), and the few places
 * within grpc-js that have no interface. All else is written against `policy/policy.ts` and
 * `resolver/resolver.ts`.
 */
import type * as grpcJs from '@grpc/grpc-js';
import { askConnection } from './ask-connection.js';
import { authorityOn, type RealConnection, watched, watchOpenedCall } from './call-watch.js';
import type {
  AttemptObserver,
  ConnectionState,
  EndHandler,
  Leaf,
  PickRequest,
  PolicyChannel,
  PolicyDescription,
  PolicyType,
  ResolvedEndpoint,
  TrailerLookup,
} from './policy/policy.js';
import { addressOf, resolvedEndpoint } from './policy/resolved-endpoint.js';
import { chooseSubset, parseSubset, type SubsetConfig } from './policy/subset.js';
import { createResolver, type FoundEndpoint, type Resolver, type ResolverType } from './resolver/resolver.js';
import { withDefaultPolicy } from './resolver/service-config.js';

/** What is used of the module `@grpc/grpc-js`. */
export type GrpcJs = Pick<
  typeof grpcJs,
  'experimental' | 'Metadata' | 'status' | 'connectivityState' | 'ServerInterceptingCall'
>;

/** The minor versions of grpc-js 1 that this file knows. */
export const SUPPORTED_MINORS = [12, 13, 14] as const;
export type SupportedMinor = (typeof SUPPORTED_MINORS)[number];

type Helper = grpcJs.experimental.ChannelControlHelper;
type Endpoint = grpcJs.experimental.Endpoint;
type Subchannel = grpcJs.experimental.SubchannelInterface;
type Leaf14 = grpcJs.experimental.LeafLoadBalancer;
type Picking = (args: grpcJs.experimental.PickArgs) => grpcJs.experimental.PickResult;
/** A constructor whose arguments depend on the version. */
type Maker<T> = new (...args: readonly unknown[]) => T;

/** What a resolver passes on to the policy. The name's beginning keeps it from the connections. */
const PASSED_ON = 'grpc.internal.no_subchannel.weir';
interface PassedOn {
  readonly note: string;
  readonly target: string;
}
interface Attributes {
  readonly [PASSED_ON]?: PassedOn;
}

/** Makes a policy known to a copy of grpc-js, under its name in service config and in xDS' `TypedStruct`. */
export function registerPolicy<Config, Host extends { readonly leaf: Leaf }>(
  grpc: GrpcJs,
  minor: SupportedMinor,
  type: PolicyType<Config, Host>,
): void {
  class WeirConfig {
    readonly config: Config;
    readonly #json: object;
    constructor(config: Config, json: object) {
      this.config = config;
      this.#json = json;
    }
    getLoadBalancerName(): string {
      return type.name;
    }
    toJsonObject(): object {
      return { [type.name]: this.#json };
    }
    static createFromJson(json: object): WeirConfig {
      return new WeirConfig(type.parse(json), json);
    }
  }

  class WeirLoadBalancer {
    readonly #channel: AdaptedChannel;
    readonly #policy;
    readonly #channelOptions: object;

    /** @param options only up to 1.12; later ones come with every update */
    constructor(helper: Helper, credentials?: unknown, options?: object) {
      this.#channelOptions = options ?? {};
      this.#channel = new AdaptedChannel(grpc, minor, helper, credentials, (args) => this.#pick(args));
      this.#policy = type.create(this.#channel);
    }

    /** @param list up to 1.13 an array, later a result that may be an error; @param resolverNote since 1.14 */
    updateAddressList(list: unknown, config: unknown, options: Attributes, resolverNote = ''): boolean {
      if (!(config instanceof WeirConfig)) return false;
      const { note = resolverNote, target = '' } = options[PASSED_ON] ?? {};
      this.#channel.target = target;
      this.#channel.options = { ...this.#channelOptions, ...options };
      this.#channel.note = note;
      const result = Array.isArray(list)
        ? { ok: true as const, value: list as Endpoint[] }
        : (list as grpcJs.experimental.StatusOr<Endpoint[]>);
      if (!result.ok) {
        this.#policy.resolutionFailed(result.error.details);
        return true;
      }
      return this.#policy.update(
        result.value.map((endpoint) => resolvedEndpoint(endpoint)),
        config.config,
        note,
      );
    }

    #request = new AdaptedRequest();
    #pick(args: grpcJs.experimental.PickArgs): grpcJs.experimental.PickResult {
      this.#request.args = args;
      const verdict = this.#policy.pick(this.#request);
      if (verdict === 'wait') return QUEUE;
      if ('failure' in verdict) return failingPick(grpc, verdict.failure);
      const result = (verdict.leaf as AdaptedLeaf).picker.pick(args);
      if (result.pickResultType !== COMPLETE || result.subchannel === null) return result;
      return observedPick(result.subchannel, this.#policy.begin(verdict));
    }

    exitIdle(): void {
      this.#policy.connect();
    }
    /** The backoff is that of the connections, and grpc-js resets it. */
    resetBackoff(): void {}
    destroy(): void {
      this.#policy.destroy();
    }
    getTypeName(): string {
      return type.name;
    }
    describe(): PolicyDescription {
      return this.#policy.describe();
    }
  }

  grpc.experimental.registerLoadBalancerType(type.name, WeirLoadBalancer as never, WeirConfig as never);
}

/** Makes `weir_subset` known: any policy over a part of the endpoints. */
export function registerSubset(grpc: GrpcJs, clientId: string): void {
  type Child = grpcJs.experimental.TypedLoadBalancingConfig;
  class SubsetLoadBalancingConfig {
    readonly config: SubsetConfig;
    readonly child: Child;
    constructor(config: SubsetConfig, child: Child) {
      this.config = config;
      this.child = child;
    }
    getLoadBalancerName(): string {
      return SUBSET;
    }
    toJsonObject(): object {
      return { [SUBSET]: { ...this.config, childPolicy: [this.child.toJsonObject()] } };
    }
    static createFromJson(json: object): SubsetLoadBalancingConfig {
      const config = parseSubset(json, clientId);
      const child = grpc.experimental.selectLbConfigFromList(config.childPolicy as never);
      if (child === null) throw new TypeError(`${SUBSET}: no policy in childPolicy is known and well-formed`);
      return new SubsetLoadBalancingConfig(config, child);
    }
  }

  const Handler = grpc.experimental.ChildLoadBalancerHandler as unknown as Maker<UpdatableChild>;
  /** Whatever comes with an update, and makes a child, goes on as it came. */
  class SubsetLoadBalancer extends (Handler as unknown as new (...args: never[]) => UpdatableChild) {
    override updateAddressList(list: unknown, config: unknown, ...rest: unknown[]): boolean {
      if (!(config instanceof SubsetLoadBalancingConfig)) return false;
      const part = (all: Endpoint[]): unknown => chooseSubset(all, addressOf, config.config);
      const result = list as grpcJs.experimental.StatusOr<Endpoint[]>;
      const subset = Array.isArray(list)
        ? part(list)
        : result.ok
          ? { ok: true, value: part(result.value) }
          : list;
      return super.updateAddressList(subset, config.child, ...rest);
    }
    override getTypeName(): string {
      return SUBSET;
    }
  }
  const { registerLoadBalancerType } = grpc.experimental;
  registerLoadBalancerType(SUBSET, SubsetLoadBalancer as never, SubsetLoadBalancingConfig as never);
}

const SUBSET = 'weir_subset';
/** A class, since it is extended. */
declare class UpdatableChild {
  updateAddressList(list: unknown, config: unknown, ...rest: unknown[]): boolean;
  getTypeName(): string;
}

/** `ConnectivityState` and `PickResultType`: their numbers are the same in all versions. */
const STATES: readonly ConnectionState[] = ['idle', 'connecting', 'ready', 'failed', 'failed'];
const FAILED = STATES.indexOf('failed');
const [COMPLETE, , TRANSIENT_FAILURE] = [0, 1, 2] as const;
const QUEUE: grpcJs.experimental.PickResult = {
  pickResultType: 1,
  subchannel: null,
  status: null,
  onCallStarted: null,
  onCallEnded: null,
};

function failingPick(grpc: GrpcJs, details: string): grpcJs.experimental.PickResult {
  const status = { code: grpc.status.UNAVAILABLE, details, metadata: new grpc.Metadata() };
  return { ...QUEUE, pickResultType: TRANSIENT_FAILURE, status };
}

function withoutCall({ Metadata }: GrpcJs): grpcJs.experimental.PickArgs {
  return { metadata: new Metadata(), extraPickInfo: {} };
}

class AdaptedRequest implements PickRequest {
  args: grpcJs.experimental.PickArgs | undefined;
  header(name: string): string | undefined {
    const values = this.args?.metadata.get(name) ?? [];
    return values.length === 0 ? undefined : values.join(',');
  }
  get routeHash(): string | undefined {
    return this.args?.extraPickInfo['hash'];
  }
}

class AdaptedChannel implements PolicyChannel {
  readonly grpc: GrpcJs;
  readonly minor: SupportedMinor;
  readonly helper: Helper;
  readonly credentials: unknown;
  readonly #pick: Picking;
  options: object = {};
  note = '';
  target = '';

  constructor(grpc: GrpcJs, minor: SupportedMinor, helper: Helper, credentials: unknown, pick: Picking) {
    this.grpc = grpc;
    this.minor = minor;
    this.helper = helper;
    this.credentials = credentials;
    this.#pick = pick;
  }

  createLeaf(endpoint: ResolvedEndpoint, onChange: (error: string | undefined) => void): Leaf {
    return new AdaptedLeaf(this, endpoint, onChange);
  }

  publish(state: ConnectionState, error?: string): void {
    // A new picker each time: parents compare, and the channel picks again for the calls that wait.
    this.helper.updateState(STATES.indexOf(state), { pick: this.#pick }, error ?? null);
  }

  requestResolution(): void {
    this.helper.requestReresolution();
  }
}

class AdaptedLeaf implements Leaf {
  readonly #channel: AdaptedChannel;
  readonly #address: string;
  readonly #leaf: Leaf14;
  #begun = false;

  constructor(
    channel: AdaptedChannel,
    { origin, address }: ResolvedEndpoint,
    onChange: (error: string | undefined) => void,
  ) {
    const { grpc, minor, credentials, options, note } = channel;
    const helper = grpc.experimental.createChildChannelControlHelper(channel.helper, {
      updateState: (state: number, picker: grpcJs.experimental.Picker, error?: string | null) =>
        // Up to 1.12 the error is in the picker alone.
        onChange(error ?? (state === FAILED ? picker.pick(withoutCall(grpc)).status?.details : undefined)),
    });
    const Make = grpc.experimental.LeafLoadBalancer as unknown as Maker<Leaf14>;
    this.#channel = channel;
    this.#address = address;
    this.#leaf =
      minor === 12 ? new Make(origin, helper, credentials, options) : new Make(origin, helper, options, note);
  }

  get state(): ConnectionState {
    return STATES[this.#leaf.getConnectivityState()] ?? 'failed';
  }

  get picker(): grpcJs.experimental.Picker {
    return this.#leaf.getPicker();
  }

  connect(): void {
    if (this.#begun) return this.#leaf.exitIdle();
    this.#begun = true;
    this.#leaf.startConnecting();
  }

  ask(path: string, timeoutMs: number, onEnd: EndHandler): (() => void) | undefined {
    const { grpc } = this.#channel;
    const { subchannel } = this.picker.pick(withoutCall(grpc));
    if (subchannel === null || this.state !== 'ready') return undefined;
    const real = subchannel.getRealSubchannel() as unknown as RealConnection;
    const metadata = new grpc.Metadata();
    metadata.set('grpc-timeout', `${Math.ceil(timeoutMs)}m`);
    return askConnection(real, metadata, authorityOn(real) ?? this.#address, path, (end) =>
      onEnd(end.code, lookupIn(end.metadata as grpcJs.Metadata)),
    );
  }

  destroy(): void {
    this.#leaf.destroy();
  }
}

function observedPick(subchannel: Subchannel, observer: AttemptObserver): grpcJs.experimental.PickResult {
  let trailers: () => grpcJs.Metadata | undefined;
  return {
    pickResultType: COMPLETE,
    subchannel: watched(subchannel as never) as unknown as Subchannel,
    status: null,
    onCallStarted: () => {
      const watch = watchOpenedCall(observer);
      trailers = () => watch?.trailers as grpcJs.Metadata | undefined;
      observer.started(watch?.method ?? '');
    },
    // Since 1.14 the trailers come here too.
    onCallEnded: (code: number, _details?: string, metadata?: grpcJs.Metadata) =>
      observer.ended(code, lookupIn(trailers?.() ?? metadata)),
  };
}

function lookupIn(metadata: grpcJs.Metadata | undefined): TrailerLookup {
  return (name) => metadata?.get(name)[0];
}

/** Makes a resolver known to a copy of grpc-js. */
export function registerResolver(grpc: GrpcJs, minor: SupportedMinor, type: ResolverType): void {
  const isKnown = (policy: string): boolean => grpc.experimental.isLoadBalancerNameRegistered(policy);
  class WeirResolver {
    readonly #resolver: Resolver;
    constructor({ path }: grpcJs.experimental.GrpcUri, listener: unknown, options: grpcJs.ChannelOptions) {
      const serviceConfig = withDefaultPolicy(options['grpc.service_config'], isKnown);
      const target = `${type.scheme}:///${path}`;
      this.#resolver = createResolver(type, path, options, {
        found: (endpoints, note) => reportFound(minor, listener, endpoints, serviceConfig, { note, target }),
        failed: (details) => reportFailure(grpc, minor, listener, details),
      });
    }
    updateResolution(): void {
      this.#resolver.resolve();
    }
    destroy(): void {
      this.#resolver.close();
    }
    static getDefaultAuthority({ path }: grpcJs.experimental.GrpcUri): string {
      return type.authorityOf(path);
    }
  }
  grpc.experimental.registerResolver(type.scheme, WeirResolver as never);
}

interface Listener13 {
  onSuccessfulResolution(
    endpoints: Endpoint[],
    config: object,
    configError: null,
    selector: null,
    attributes: object,
  ): void;
  onError(status: grpcJs.StatusObject): void;
}
type Listener14 = (endpoints: object, attributes: object, config: object | null, note: string) => boolean;

function reportFound(
  minor: SupportedMinor,
  listener: unknown,
  found: readonly FoundEndpoint[],
  serviceConfig: object,
  passedOn: PassedOn,
): void {
  const endpoints = found.map(({ host, port, ...weir }) => ({ addresses: [{ host, port }], weir }));
  const attributes = { [PASSED_ON]: passedOn };
  if (minor < 14) {
    (listener as Listener13).onSuccessfulResolution(endpoints, serviceConfig, null, null, attributes);
    return;
  }
  const result = { ok: true, value: endpoints };
  (listener as Listener14)(result, attributes, { ok: true, value: serviceConfig }, passedOn.note);
}

function reportFailure(grpc: GrpcJs, minor: SupportedMinor, listener: unknown, details: string): void {
  const error = { code: grpc.status.UNAVAILABLE, details, metadata: new grpc.Metadata() };
  if (minor < 14) (listener as Listener13).onError(error);
  else (listener as Listener14)({ ok: false, error }, {}, null, '');
}
