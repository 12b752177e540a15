import type { Socket } from 'node:net';
import { awaitFirstWord } from '../capture/first-word.js';
import { dialPlain } from '../capture/splice.js';
import type { FlushQueue } from '../transport/flush-queue.js';
import type { Destination, InboundDoor } from './door.js';
import type { Applications } from './inbound/applications.js';
import { inboundRouter } from './inbound/inbound-router.js';
import type { LoadAudience } from './inbound/load-settings.js';
import type { LoadStream } from './inbound/load-stream.js';
import type { RelayContext } from './relay/relay-context.js';
import { TrafficSide } from './traffic-side.js';

/** How long a caller may take to say its first byte before the application is asked whether it speaks first. */
const QUIET_MS = 50;

const NO_BYTES = Buffer.alloc(0);

/**
 * Takes the connections of the application's callers and lets them through to it as if nothing stood between:
 * HTTP/2 request by request, so that it can be counted and measured, anything else byte by byte.
 */
export class Inbound extends TrafficSide {
  readonly #applications: Applications;
  readonly #audience: LoadAudience;
  readonly #loadStreams = new Set<LoadStream>();

  /**
   * @param applications - the configuration of `context`
   * @param audience - who is told of their load
   */
  constructor(
    context: RelayContext,
    flushQueue: FlushQueue,
    applications: Applications,
    audience: LoadAudience,
  ) {
    super(context, flushQueue);
    this.#applications = applications;
    this.#audience = audience;
  }

  /** Takes over a new, paused connection that came in at `door`. */
  accept(socket: Socket, { application }: InboundDoor): void {
    this.take(socket);
    const dial = (): Socket => dialPlain(application);
    awaitFirstWord(socket, NO_BYTES, this.context.clock, QUIET_MS, dial, (what, bytes, target) => {
      if (what !== 'http2') return this.#passToApplication(socket, bytes, application, target ?? dial());
      const router = inboundRouter(
        this.context,
        this.#applications.at(application),
        this.#audience,
        this.#loadStreams,
      );
      this.relay(socket, bytes, router);
    });
  }

  override close(drainMs: number): Promise<void> {
    // They would go on for as long as anybody listens.
    for (const stream of [...this.#loadStreams]) stream.stop();
    return super.close(drainMs);
  }

  #passToApplication(socket: Socket, bytes: Buffer, { host, port }: Destination, target: Socket): void {
    const nothing = (): void => {};
    this.passThrough(socket, bytes, target, nothing, (reason) => {
      this.context.logger.warn('a connection that is not HTTP/2 could not be passed to the application', {
        application: `${host}:${port}`,
        reason,
      });
      // Its caller is to see what it would have seen without a proxy: a port where nobody listens.
      socket.resetAndDestroy();
    });
  }
}
