import type { Clock, Random, Timer } from '@weir/core';
import type { Logger } from '../../system/logger.js';
import {
  decodeDiscoveryResponse,
  encodeDiscoveryRequest,
  type DiscoveryResponse,
} from '../generated/envoy.service.discovery.v3.js';
import { PUSH_ORDER, shortTypeName } from '../type-urls.js';
import { reconnectDelayMs } from './backoff.js';
import { nodeMessage, type NodeIdentity } from './node.js';
import { receivedResources, type ReceivedResource } from './received-resource.js';

/** An open StreamAggregatedResources call. */
export interface AdsStream {
  /** Takes an encoded DiscoveryRequest, also before the connection is established. */
  send(requestBytes: Uint8Array): void;
  /** Ends the call; `onEnd` need not be called after it. */
  close(): void;
}

/**
 * Dials and opens a StreamAggregatedResources call. Finding out that a silent connection is dead is the transport's
 * business (keepalive): it says `onEnd`.
 */
export type AdsConnect = (events: {
  /** An encoded DiscoveryResponse, which the client may keep views of. */
  onMessage(bytes: Uint8Array): void;
  /** The call is over, or never came about. Called at most once. */
  onEnd(error: Error): void;
}) => AdsStream;

export interface AdsHandler {
  /**
   * Takes in a response. For listeners and clusters `resources` is everything there is; for the others it is what
   * changed. Returns what is wrong with it, nothing if all is well; errors refuse the response (NACK), and the
   * handler must go on with what it had.
   */
  apply(typeUrl: string, version: string, resources: readonly ReceivedResource[]): readonly string[];
  /** Called when `connected` changes. */
  connectionChanged?(connected: boolean): void;
}

export interface AdsClientOptions {
  readonly connect: AdsConnect;
  readonly node: NodeIdentity;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly handler: AdsHandler;
}

/** What is subscribed to of one type, and how far it has come. */
interface TypeSubscription {
  names: ReadonlySet<string> | 'wildcard';
  /** Last version accepted, on whatever stream. */
  version: string;
  /** Nonce of the last response on this stream. */
  nonce: string;
  /** A request of this type went out on this stream; naming names makes an empty list mean "nothing" ever after. */
  requested: 'no' | 'wildcard' | 'names';
}

/**
 * A client of state-of-the-world ADS: a state machine over a transport it is given. While the server is away the
 * handler keeps its configuration, and the client comes back with jittered exponential backoff and asks again for
 * all it is subscribed to.
 */
export class AdsClient {
  readonly #options: AdsClientOptions;
  readonly #types = new Map<string, TypeSubscription>();
  #stream: AdsStream | undefined;
  /** Tells events of this attempt from those of the ones before. */
  #attempt = 0;
  #failures = 0;
  #retryTimer: Timer | undefined;
  #connected = false;
  #nodeSent = false;
  /** The type being applied: its subscription travels with the answer. */
  #applying: string | undefined;

  constructor(options: AdsClientOptions) {
    this.#options = options;
  }

  /** Whether the server has been heard on the present stream. */
  get connected(): boolean {
    return this.#connected;
  }

  /** Connects, and stays connected until `stop`. */
  start(): void {
    if (this.#stream === undefined && this.#retryTimer === undefined) this.#connect();
  }

  /** Closes the stream. What was applied stays with the handler; `start` takes up again where this left off. */
  stop(): void {
    this.#retryTimer?.cancel();
    this.#retryTimer = undefined;
    this.#attempt += 1;
    this.#stream?.close();
    this.#stream = undefined;
    this.#setConnected(false);
  }

  /**
   * Replaces what is subscribed to of a type. `wildcard` is for listeners and clusters. May be called from
   * `AdsHandler.apply`: requests for other types go out before the answer to the response being applied.
   */
  subscribe(typeUrl: string, names: ReadonlySet<string> | 'wildcard'): void {
    const type = this.#types.get(typeUrl);
    if (type === undefined) {
      this.#types.set(typeUrl, { names, version: '', nonce: '', requested: 'no' });
    } else {
      if (isSameNames(type.names, names)) return;
      type.names = names;
    }
    if (this.#stream !== undefined && this.#applying !== typeUrl) this.#request(typeUrl);
  }

  #connect(): void {
    this.#attempt += 1;
    const attempt = this.#attempt;
    this.#nodeSent = false;
    for (const type of this.#types.values()) {
      type.nonce = '';
      type.requested = 'no';
    }
    const guard = (act: () => void) => {
      if (this.#attempt === attempt) act();
    };
    let stream: AdsStream;
    try {
      stream = this.#options.connect({
        onMessage: (bytes) => guard(() => this.#receive(bytes)),
        onEnd: (error) => guard(() => this.#reconnect(error)),
      });
    } catch (error) {
      this.#reconnect(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    // `onEnd` may have come before `connect` returned.
    if (this.#attempt !== attempt) return;
    this.#stream = stream;
    for (const typeUrl of this.#typesInOrder()) this.#request(typeUrl);
  }

  #reconnect(error: Error): void {
    const { clock, random, logger } = this.#options;
    this.#attempt += 1;
    this.#stream = undefined;
    const delayMs = reconnectDelayMs(this.#failures, random);
    this.#failures += 1;
    this.#setConnected(false);
    logger.warn('lost the control plane; the last configuration stays in force', {
      error,
      retryMs: Math.round(delayMs),
    });
    this.#retryTimer = clock.setTimer(delayMs, () => {
      this.#retryTimer = undefined;
      this.#connect();
    });
  }

  #receive(bytes: Uint8Array): void {
    let response: DiscoveryResponse;
    try {
      response = decodeDiscoveryResponse(bytes);
    } catch (error) {
      this.#stream?.close();
      this.#reconnect(
        new Error('the control plane sent something that is no DiscoveryResponse', { cause: error }),
      );
      return;
    }
    this.#failures = 0;
    this.#setConnected(true);
    const typeUrl = response.typeUrl ?? '';
    const type = this.#types.get(typeUrl);
    if (type === undefined) {
      this.#options.logger.debug('a response of a type that was not asked for', { type: typeUrl });
      return;
    }
    type.nonce = response.nonce ?? '';
    const attempt = this.#attempt;
    const errors = this.#apply(typeUrl, response);
    if (this.#attempt !== attempt) return;
    if (errors.length === 0) {
      type.version = response.versionInfo ?? '';
      this.#request(typeUrl);
      return;
    }
    const message = errors.join('; ');
    this.#options.logger.warn('refused a configuration; the one before stays in force', {
      type: shortTypeName(typeUrl),
      version: response.versionInfo,
      message,
    });
    this.#request(typeUrl, message);
  }

  #apply(typeUrl: string, response: DiscoveryResponse): readonly string[] {
    this.#applying = typeUrl;
    try {
      const { resources, errors } = receivedResources(response);
      if (errors.length > 0) return errors;
      return this.#options.handler.apply(typeUrl, response.versionInfo ?? '', resources);
    } catch (error) {
      return [error instanceof Error ? error.message : String(error)];
    } finally {
      this.#applying = undefined;
    }
  }

  /** Sends subscription, version and nonce in one: what it means (ACK, NACK, subscription) the server can tell. */
  #request(typeUrl: string, errorMessage?: string): void {
    const type = this.#types.get(typeUrl);
    if (type === undefined || this.#stream === undefined) return;
    const resourceNames = requestedNames(type);
    // An empty first request of a stream would ask for everything.
    if (type.requested === 'no' && type.names !== 'wildcard' && resourceNames.length === 0) return;
    if (resourceNames.length > 0) type.requested = 'names';
    else if (type.requested === 'no') type.requested = 'wildcard';
    const node = this.#nodeSent ? undefined : nodeMessage(this.#options.node);
    this.#nodeSent = true;
    this.#stream.send(
      encodeDiscoveryRequest({
        node,
        typeUrl,
        resourceNames,
        versionInfo: type.version,
        responseNonce: type.nonce,
        errorDetail:
          errorMessage === undefined ? undefined : { code: INVALID_ARGUMENT, message: errorMessage },
      }),
    );
  }

  #typesInOrder(): readonly string[] {
    const known: readonly string[] = PUSH_ORDER;
    const others = [...this.#types.keys()].filter((typeUrl) => !known.includes(typeUrl));
    return [...known.filter((typeUrl) => this.#types.has(typeUrl)), ...others];
  }

  #setConnected(connected: boolean): void {
    if (connected === this.#connected) return;
    this.#connected = connected;
    this.#options.handler.connectionChanged?.(connected);
  }
}

/** google.rpc.Code */
const INVALID_ARGUMENT = 3;

function requestedNames({ names, requested }: TypeSubscription): readonly string[] {
  if (names !== 'wildcard') return [...names];
  // The empty list is the wildcard every server knows, but only until names were named.
  return requested === 'names' ? ['*'] : [];
}

function isSameNames(a: ReadonlySet<string> | 'wildcard', b: ReadonlySet<string> | 'wildcard'): boolean {
  if (a === b) return true;
  if (a === 'wildcard' || b === 'wildcard' || a.size !== b.size) return false;
  for (const name of a) if (!b.has(name)) return false;
  return true;
}
