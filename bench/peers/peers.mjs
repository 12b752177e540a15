import { spawnSync } from 'node:child_process';
import { haproxy } from './haproxy.mjs';
import { nghttpx } from './nghttpx.mjs';
import { nginx } from './nginx.mjs';
import { nodeHttp2 } from './node-http2.mjs';
import { weir } from './weir.mjs';

/** Every peer, in the order of the tables. HAProxy is what the others are held against. */
export const PEERS = [weir, haproxy, nghttpx, nginx, nodeHttp2];

/** Whether a program can be found. */
export const isInstalled = (program) => spawnSync('which', [program]).status === 0;

/** The first line in which a peer says its version; of those that run on Node, Node's. */
export function versionOf(peer) {
  if (peer.needs === undefined) return `Node ${process.version}`;
  const { stdout, stderr } = spawnSync(peer.needs, peer.version, { encoding: 'utf8' });
  return (stdout + stderr).split('\n')[0].replace(/ - https.*/, '');
}
