import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '@weir/core/testing';
import { CLIENT_PREFACE } from '../http2/frame.js';
import { FakeSocket, turn } from './fake-socket.test.support.js';
import { awaitFirstWord } from './first-word.js';

const QUIET_MS = 50;

function listening() {
  const clock = new FakeClock();
  const caller = new FakeSocket();
  const targets: FakeSocket[] = [];
  const found: { what: string; bytes: string; target: FakeSocket | undefined }[] = [];
  const dial = (): FakeSocket => {
    const target = new FakeSocket();
    targets.push(target);
    return target;
  };
  awaitFirstWord(caller, Buffer.alloc(0), clock, QUIET_MS, dial, (what, bytes, target) =>
    found.push({ what, bytes: bytes.toString('latin1'), target }),
  );
  return { clock, caller, targets, found };
}

describe('the first word', () => {
  it('is the caller’s when it comes at once, and nobody else is dialled', async () => {
    const { caller, targets, found } = listening();
    caller.send('HELO ');
    await turn();
    assert.deepEqual(found, [{ what: 'other', bytes: 'HELO ', target: undefined }]);
    assert.equal(targets.length, 0);
  });

  it('is the server’s when the caller waits for it, and none of it is lost', async () => {
    const { clock, targets, found } = listening();
    clock.advance(QUIET_MS);
    const [target] = targets;
    target!.send('220 welcome');
    await turn();
    assert.deepEqual(found, [{ what: 'silent', bytes: '', target }]);
    assert.equal(String(target!.read()), '220 welcome');
    assert.equal(clock.pendingTimers, 0);
  });

  it('is the caller’s when it was only slow, and the connection dialled is of use', async () => {
    const { clock, caller, targets, found } = listening();
    clock.advance(QUIET_MS);
    caller.send('hello');
    await turn();
    assert.deepEqual(found, [{ what: 'other', bytes: 'hello', target: targets[0] }]);
  });

  it('may still be the HTTP/2 preface, and the connection dialled is given up', async () => {
    const { clock, caller, targets, found } = listening();
    clock.advance(60_000);
    caller.send(CLIENT_PREFACE);
    await turn();
    assert.deepEqual(found, [{ what: 'http2', bytes: CLIENT_PREFACE, target: undefined }]);
    assert.ok(targets[0]!.destroyed);
  });

  it('is not what every HTTP/2 server says unasked: the caller is only slow', async () => {
    const { clock, caller, targets, found } = listening();
    clock.advance(QUIET_MS);
    targets[0]!.send(Buffer.from('00000c04000000000000030000006400040000ffff', 'hex'));
    await turn();
    assert.deepEqual(found, []);
    assert.ok(targets[0]!.destroyed);
    caller.send(CLIENT_PREFACE);
    await turn();
    assert.deepEqual(found, [{ what: 'http2', bytes: CLIENT_PREFACE, target: undefined }]);
  });

  it('is nobody’s when the server cannot be reached', async () => {
    const { clock, targets, found } = listening();
    clock.advance(QUIET_MS);
    targets[0]!.destroy(new Error('refused'));
    await turn();
    assert.deepEqual(found, [{ what: 'silent', bytes: '', target: undefined }]);
  });

  it('is not waited for when the caller goes', async () => {
    const { clock, caller, targets, found } = listening();
    clock.advance(QUIET_MS);
    caller.destroy();
    await turn();
    assert.deepEqual(found, []);
    assert.ok(targets[0]!.destroyed);
  });
});
