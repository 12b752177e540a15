/** Of a call on a connection, what is seen here. */
interface CallListener {
  onReceiveMetadata(metadata: unknown): void;
  onReceiveMessage(message: unknown): void;
  onReceiveStatus(status: { readonly metadata: unknown }): void;
}

/** The connection proper, without whatever policies have put around it. */
export interface RealConnection {
  createCall(
    metadata: unknown,
    host: string,
    method: string,
    listener: CallListener,
    number?: number,
  ): unknown;
}

/** A connection as policies pass it on: grpc-js' `SubchannelInterface`. */
export interface Connection {
  getRealSubchannel(): RealConnection;
  getWrappedSubchannel?: () => Connection;
}

/** What is told of a call that is watched. */
export interface CallObserver {
  /** The first header of the response is here. */
  answered(): void;
}

/** A call that grpc-js has opened. */
export interface WatchedCall {
  readonly method: string;
  /** As soon as the call has ended, if it has any. */
  readonly trailers: unknown;
}

/** Sees a call's first header, and its trailers, which `onCallEnded` has only since grpc-js 1.14. */
class CallWatch implements CallListener, WatchedCall {
  readonly #next: CallListener;
  readonly method: string;
  observer: CallObserver | undefined;
  trailers: unknown;

  constructor(next: CallListener, method: string) {
    this.#next = next;
    this.method = method;
  }

  onReceiveMetadata(metadata: unknown): void {
    this.observer?.answered();
    this.#next.onReceiveMetadata(metadata);
  }

  onReceiveMessage(message: unknown): void {
    this.#next.onReceiveMessage(message);
  }

  onReceiveStatus(status: { readonly metadata: unknown }): void {
    this.trailers = status.metadata;
    this.#next.onReceiveStatus(status);
  }
}

/** The call that was opened last on a watched connection: `onCallStarted` comes right after, or never. */
let opened: CallWatch | undefined;

/** To be called from `onCallStarted`: the call that has just been opened tells the observer what it sees. */
export function watchOpenedCall(observer: CallObserver): WatchedCall | undefined {
  const watch = opened;
  opened = undefined;
  if (watch !== undefined) watch.observer = observer;
  return watch;
}

/** What callers say in `:authority`, by connection. */
const authorities = new WeakMap<RealConnection, string>();

/** What the last call on a connection said in `:authority`; `undefined` before the first. */
export function authorityOn(connection: RealConnection): string | undefined {
  return authorities.get(connection);
}

const watchedConnections = new WeakMap<Connection, Connection>();
const watchedReals = new WeakMap<RealConnection, RealConnection>();

/**
 * The same connection, but its calls are watched. To wrap it as policies do would hide it from them: those
 * above (outlier detection, xDS clusters) look in what was picked for the wrapper they put there themselves,
 * and take it off. So each layer is copied, with everything it has.
 */
export function watched(connection: Connection): Connection {
  const known = watchedConnections.get(connection);
  if (known !== undefined) return known;
  const watching = Object.create(connection) as Connection;
  watching.getRealSubchannel = () => watchedReal(connection.getRealSubchannel());
  if (connection.getWrappedSubchannel !== undefined) {
    watching.getWrappedSubchannel = () => watched(connection.getWrappedSubchannel!());
  }
  watchedConnections.set(connection, watching);
  return watching;
}

function watchedReal(real: RealConnection): RealConnection {
  const known = watchedReals.get(real);
  if (known !== undefined) return known;
  const watching = Object.create(real) as RealConnection;
  watching.createCall = (metadata, host, method, listener, number) => {
    const watch = new CallWatch(listener, method);
    const call = real.createCall(metadata, host, method, watch, number);
    if (authorities.get(real) !== host) authorities.set(real, host);
    opened = watch;
    return call;
  };
  watchedReals.set(real, watching);
  return watching;
}
