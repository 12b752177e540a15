import { GOAWAY, NO_ERROR, PING, ping, pingPayload, RST_STREAM } from '../../../support/raw-frames/frame.js';
import { dial, handshake } from '../../../support/raw-frames/raw-client.js';
import type { FrameScript } from './frame-script.js';

/** By code. */
const NAMES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
];

export interface Reaction {
  readonly kind: 'accepted' | 'stream error' | 'connection error' | 'closed without a word';
  /** The error's name. */
  readonly code: string;
}

/** How the server at `address` takes a script. */
export async function reactionTo(address: string, { frames }: FrameScript): Promise<Reaction> {
  const client = await dial(address);
  try {
    await handshake(client);
    client.send(...frames, ping('first'));
    let reaction: Reaction = { kind: 'accepted', code: '' };
    for (;;) {
      const event = await client.next('the reaction');
      if (event === 'closed') return { kind: 'closed without a word', code: '' };
      const { type, payload } = event;
      if (type === GOAWAY && payload.readUInt32BE(4) !== NO_ERROR)
        return { kind: 'connection error', code: nameOf(payload.readUInt32BE(4)) };
      if (type === RST_STREAM) reaction = { kind: 'stream error', code: nameOf(payload.readUInt32BE(0)) };
      // Servers may let the answer to PING overtake RST_STREAM; none overtakes what was sent before another PING came.
      if (type === PING && payload.equals(pingPayload('first'))) client.send(ping('second'));
      if (type === PING && payload.equals(pingPayload('second'))) return reaction;
    }
  } finally {
    client.destroy();
  }
}

export function describeReaction({ kind, code }: Reaction): string {
  return `${kind} ${code}`.trim();
}

function nameOf(code: number): string {
  return NAMES[code] ?? String(code);
}
