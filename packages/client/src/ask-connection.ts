import type { RealConnection } from './call-watch.js';

/** A call on a connection, below everything that makes a call comfortable. */
interface ConnectionCall {
  startRead(): void;
  sendMessageWithContext(context: object, message: Buffer): void;
  halfClose(): void;
  cancelWithStatus(code: number, details: string): void;
}

/** How a call has ended. */
export interface CallEnd {
  readonly code: number;
  readonly metadata: unknown;
}

/** A message of length 0 in gRPC's framing. */
const EMPTY_MESSAGE = Buffer.alloc(5);
const CANCELLED = 1;

/**
 * Makes a unary call with an empty message on a connection, past channel, policies and interceptors.
 *
 * @param onEnd later, at most once
 * @returns gives the call up, after which nothing comes; `undefined` when the connection has just gone
 */
export function askConnection(
  connection: RealConnection,
  metadata: unknown,
  authority: string,
  path: string,
  onEnd: (end: CallEnd) => void,
): (() => void) | undefined {
  const listener = { onReceiveMetadata: () => {}, onReceiveMessage: () => {}, onReceiveStatus: onEnd };
  try {
    const call = connection.createCall(metadata, authority, path, listener as never, 0) as ConnectionCall;
    call.startRead();
    call.sendMessageWithContext({ callback: () => {} }, EMPTY_MESSAGE);
    call.halfClose();
    return () => {
      listener.onReceiveStatus = () => {};
      call.cancelWithStatus(CANCELLED, 'no answer in time');
    };
  } catch {
    // Its state has yet to follow.
    return undefined;
  }
}
