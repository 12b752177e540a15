import type { Duplex } from 'node:stream';
import type { Clock } from '@weir/core';
import { sniff, type Sniffed } from './sniff.js';

const NO_BYTES = Buffer.alloc(0);

/**
 * Finds out what a connection is, like `sniff`, without holding up protocols in which the server speaks first:
 * when the caller has been quiet for a moment, the other side is dialled too, and whoever speaks first decides.
 * A caller that goes on to speak HTTP/2 after all costs nothing but that connection.
 *
 * @param quietMs - how long to listen to the caller alone
 * @param dial - begins the connection to where the caller wants to go
 * @param found - called once, with every byte read from the caller. `target` is the connection dialled, if it
 *   was and is still of use: never with `http2`. What the server has said so far is still to be read from it.
 */
export function awaitFirstWord<Target extends Duplex>(
  caller: Duplex,
  early: Buffer,
  clock: Clock,
  quietMs: number,
  dial: () => Target,
  found: (what: Sniffed, bytes: Buffer, target: Target | undefined) => void,
): void {
  sniff(caller, early, clock, quietMs, (what, bytes) => {
    // A caller that has ended its half has nothing to say any more: that is `silent`, too, and goes on below.
    if (what !== 'silent' || caller.readableEnded) return found(what, bytes, undefined);
    listenToBoth(caller, dial(), clock, found);
  });
}

function listenToBoth<Target extends Duplex>(
  caller: Duplex,
  target: Target,
  clock: Clock,
  found: (what: Sniffed, bytes: Buffer, target: Target | undefined) => void,
): void {
  const release = (): void => {
    target.off('readable', onServer);
    target.off('error', onRefused);
    caller.off('close', onCallerGone);
  };
  const onServer = (): void => {
    const word = target.read() as Buffer | null;
    release();
    if (word !== null && isHttp2Settings(word)) {
      // Every HTTP/2 server says this much unasked; the caller is only slow to begin.
      giveUp(target);
      return;
    }
    stop();
    if (word !== null) target.unshift(word);
    found('silent', NO_BYTES, target);
  };
  const onRefused = (): void => {
    stop();
    release();
    // To be dialled again by whoever tells the reason; a server that is not there is not waited for.
    found('silent', NO_BYTES, undefined);
  };
  const onCallerGone = (): void => {
    release();
    giveUp(target);
  };
  const stop = sniff(caller, NO_BYTES, clock, undefined, (what, bytes) => {
    release();
    if (what !== 'http2' && !target.destroyed) return found(what, bytes, target);
    giveUp(target);
    found(what, bytes, undefined);
  });
  target.on('readable', onServer);
  target.on('error', onRefused);
  caller.on('close', onCallerGone);
}

function giveUp(target: Duplex): void {
  target.on('error', () => {});
  target.destroy();
}

const FRAME_HEADER_BYTES = 9;
const TYPE_SETTINGS = 4;

/** RFC 9113 3.4: "The server connection preface consists of a potentially empty SETTINGS frame". */
function isHttp2Settings(word: Buffer): boolean {
  return (
    word.length >= FRAME_HEADER_BYTES &&
    word.readUIntBE(0, 3) % 6 === 0 &&
    word[3] === TYPE_SETTINGS &&
    word[4] === 0 &&
    word.readUInt32BE(5) === 0
  );
}
