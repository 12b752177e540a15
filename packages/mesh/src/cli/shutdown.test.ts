import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { closeOnSignal } from './shutdown.js';
import type { SignalHost } from './shutdown.js';

/** A process that remembers its exit codes and what it wrote instead of ending. */
class FakeProcess extends EventEmitter implements SignalHost {
  readonly exits: number[] = [];
  readonly written: string[] = [];
  readonly stderr = { write: (text: string) => this.written.push(text) };
  exit(code: number): void {
    this.exits.push(code);
  }
}

/** Lets promise reactions that are already due run. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('the first signal closes and the process ends with 0 only after close has finished', async () => {
  const host = new FakeProcess();
  let finish = (): void => {};
  const closed = new Promise<void>((resolve) => (finish = resolve));
  const seen: string[] = [];
  closeOnSignal((signal) => (seen.push(signal), closed), host);
  host.emit('SIGTERM', 'SIGTERM');
  await turn();
  assert.deepEqual(seen, ['SIGTERM']);
  assert.deepEqual(host.exits, []);
  finish();
  await turn();
  assert.deepEqual(host.exits, [0]);
});

test('a second signal of either kind ends the process with 1 at once and does not close twice', () => {
  const host = new FakeProcess();
  let closes = 0;
  closeOnSignal(() => (closes++, new Promise(() => {})), host);
  host.emit('SIGINT', 'SIGINT');
  host.emit('SIGTERM', 'SIGTERM');
  assert.equal(closes, 1);
  assert.deepEqual(host.exits, [1]);
});

test('a close that fails is reported and ends the process with 1', async () => {
  const host = new FakeProcess();
  closeOnSignal(() => Promise.reject(new Error('port on fire')), host);
  host.emit('SIGTERM', 'SIGTERM');
  await turn();
  assert.deepEqual(host.exits, [1]);
  assert.match(host.written.join(''), /stopping failed: port on fire/);
});

test('the returned function takes the handlers away', () => {
  const host = new FakeProcess();
  const forget = closeOnSignal(() => Promise.resolve(), host);
  assert.equal(host.listenerCount('SIGTERM') + host.listenerCount('SIGINT'), 2);
  forget();
  assert.equal(host.listenerCount('SIGTERM') + host.listenerCount('SIGINT'), 0);
});
