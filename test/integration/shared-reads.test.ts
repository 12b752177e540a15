import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { sharedReads, takeOver } from 'weir/dist/transport/shared-reads.js';
import { until } from '../support/until.js';

describe('an accepted socket that is taken over', () => {
  let server: Server;
  let caller: Socket;
  let accepted: Socket;
  let taken: Socket;
  let heard: string;

  const onread = sharedReads((buffer, bytes) => (heard += buffer.toString('latin1', 0, bytes)));
  const said = (text: string): Promise<void> => until(`"${text}" is heard`, () => heard === text);

  function take(): void {
    taken = takeOver(accepted, onread);
    taken.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
    taken.resume();
  }

  /** Node goes on reading a socket for a while after it was paused. */
  async function beginReading(): Promise<void> {
    caller.write('early ');
    accepted.once('data', (chunk: Buffer) => {
      heard += chunk.toString();
      accepted.pause();
    });
    accepted.resume();
    await said('early ');
  }

  beforeEach(async () => {
    heard = '';
    server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    caller = connect((server.address() as AddressInfo).port, '127.0.0.1');
    [accepted] = (await once(server, 'connection')) as [Socket];
  });

  afterEach(() => {
    caller.destroy();
    accepted.destroy();
    server.close();
  });

  it('hears the caller, and is heard', async () => {
    take();
    assert.notEqual(taken, accepted);
    caller.write('one');
    await said('one');
    caller.write('two');
    await said('onetwo');
    taken.write('three');
    const [answer] = (await once(caller, 'data')) as [Buffer];
    assert.equal(answer.toString(), 'three');
  });

  it('hears first what had been read before', async () => {
    await beginReading();
    caller.write('buffered ');
    await until('Node has read it', () => accepted.readableLength === 9);
    take();
    caller.write('late');
    await said('early buffered late');
  });

  it('hears the end, even if that had come before', async () => {
    await beginReading();
    caller.end('last');
    await until('Node has read it', () => accepted.readableLength === 4);
    take();
    await once(taken, 'end');
    assert.equal(heard, 'early last');
    taken.end('answer');
    const [answer] = (await once(caller, 'data')) as [Buffer];
    assert.equal(answer.toString(), 'answer', 'the other half is open');
  });

  it('takes the accepted socket with it when it closes', async () => {
    take();
    const closed = Promise.all([once(taken, 'close'), once(accepted, 'close')]);
    caller.destroy();
    taken.end();
    await closed;
    server.close();
    await once(server, 'close');
  });

  it('goes when the accepted socket is destroyed', async () => {
    take();
    const ended = once(caller, 'close');
    caller.resume();
    accepted.destroy();
    await once(taken, 'close');
    await ended;
  });

  it('stays as it is while output is under way', () => {
    const big = Buffer.alloc(16 * 1024 * 1024);
    accepted.write(big);
    assert.ok(accepted.writableLength > 0);
    take();
    assert.equal(taken, accepted);
  });
});
