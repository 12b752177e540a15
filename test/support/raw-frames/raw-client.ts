import { once } from 'node:events';
import { connect } from 'node:net';
import { ACK, INITIAL_WINDOW_SIZE, MAGIC, SETTINGS, settings, settingsAck } from './frame.js';
import { RawPeer } from './raw-peer.js';

/** Dials `host:port` and says nothing yet. */
export async function dial(address: string): Promise<RawPeer> {
  const colon = address.lastIndexOf(':');
  const socket = connect(Number(address.slice(colon + 1)), address.slice(0, colon));
  await once(socket, 'connect');
  return new RawPeer(socket, false);
}

/** The preface: magic, SETTINGS, and the acknowledgement of the server's SETTINGS once both have come. */
export async function handshake(
  peer: RawPeer,
  ...values: readonly (readonly [id: number, value: number])[]
): Promise<void> {
  peer.send(MAGIC, settings(...(values.length > 0 ? values : [[INITIAL_WINDOW_SIZE, 65_535] as const])));
  await peer.until('SETTINGS', ({ type, flags }) => type === SETTINGS && (flags & ACK) === 0);
  peer.send(settingsAck());
  await peer.until('the ACK of SETTINGS', ({ type, flags }) => type === SETTINGS && (flags & ACK) !== 0);
}
