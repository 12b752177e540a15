import { ACK, DATA, HEADERS, PING, PRIORITY_FLAG, SETTINGS } from '../../../support/raw-frames/frame.js';
import { RESET, type FrameScript } from './frame-script.js';
import type { Reaction } from './reaction.js';

/** A way in which the sidecar and `node:http2` may differ, and why that is right. */
export interface Difference {
  readonly reason: string;
  holds(script: FrameScript, ours: Reaction, node: Reaction): boolean;
}

const isConnectionError = ({ kind }: Reaction) => kind === 'connection error';

export const differences: readonly Difference[] = [
  {
    reason:
      'Node ends a connection with INTERNAL_ERROR whatever the fault, unless it lies in the length of a frame',
    holds: (_, ours, node) =>
      isConnectionError(ours) && isConnectionError(node) && node.code === 'INTERNAL_ERROR',
  },
  {
    // RFC 9113 4.2 asks for FRAME_SIZE_ERROR and 6 for PROTOCOL_ERROR or STREAM_CLOSED, neither for an order. One of the
    // two faults is the length, a pad length without room for it included, or else a block that cannot be decoded behind
    // a dependency of the stream on itself.
    reason: 'the frame has two faults, and either may be told',
    holds: ({ type, flags }, ours, node) => {
      if (!isConnectionError(ours) || !isConnectionError(node)) return false;
      const codes = [ours.code, node.code];
      if (codes.includes('FRAME_SIZE_ERROR')) return codes.some((code) => code !== 'FRAME_SIZE_ERROR');
      if (type === DATA) return codes.includes('STREAM_CLOSED') && codes.includes('PROTOCOL_ERROR');
      return type === HEADERS && (flags & PRIORITY_FLAG) !== 0 && codes.includes('COMPRESSION_ERROR');
    },
  },
  {
    // Ours resets one stream for most of what is wrong on one stream; a HEADERS frame that depends on itself is the case
    // where it is the stricter of the two.
    reason: 'RFC 9113 5.4.1 lets an endpoint treat a stream error as a connection error',
    holds: ({ type, flags }, ours, node) => {
      if (ours.kind === 'stream error' && isConnectionError(node))
        return node.code === ours.code || node.code === 'INTERNAL_ERROR';
      return (
        isConnectionError(ours) &&
        node.kind === 'stream error' &&
        ours.code === node.code &&
        type === HEADERS &&
        (flags & PRIORITY_FLAG) !== 0
      );
    },
  },
  {
    // Node takes them for late ones.
    reason: 'RFC 9113 5.1 lets an endpoint refuse frames on a stream that their sender itself has reset',
    holds: ({ streamId }, ours, node) =>
      streamId === RESET && ours.kind !== 'accepted' && node.kind === 'accepted',
  },
  {
    reason: 'Node refuses an acknowledgement of PING or SETTINGS that nothing called for; RFC 9113 does not',
    holds: ({ type, flags }, ours, node) =>
      (type === PING || type === SETTINGS) &&
      (flags & ACK) !== 0 &&
      ours.kind === 'accepted' &&
      isConnectionError(node),
  },
  {
    // RFC 9113 8.2.1: such a request "MUST be treated as malformed"; 8.3.1: "A server SHOULD treat a request as malformed
    // if it contains a Host header field that identifies an entity that differs" from ":authority".
    reason: 'Node leaves a field with a bad value out and serves the rest, and it does not compare Host',
    holds: ({ description }, ours, node) =>
      /NUL in a value|LF in a value|another host/.test(description) &&
      ours.kind === 'stream error' &&
      ours.code === 'PROTOCOL_ERROR' &&
      node.kind === 'accepted',
  },
];
