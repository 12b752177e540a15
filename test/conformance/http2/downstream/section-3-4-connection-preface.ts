import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ACK,
  endHeaders,
  INITIAL_WINDOW_SIZE,
  MAGIC,
  ping,
  PROTOCOL_ERROR,
  SETTINGS,
  settings,
  WINDOW_UPDATE,
} from '../../../support/raw-frames/frame.js';
import { expectAnswer, expectConnectionError, expectEnd } from '../expect.js';
import { get } from '../request.js';
import { CONTENT, type Target } from './target.js';

export function connectionPreface(target: Target): void {
  describe('RFC 9113 3.4 HTTP/2 Connection Preface', () => {
    // "The server connection preface consists of a potentially empty SETTINGS frame that MUST be the first frame the
    // server sends in the HTTP/2 connection."
    for (const name of [
      'h2spec generic/1/1: Sends a client connection preface',
      'h2spec http2/3.5/1: Sends client connection preface',
    ]) {
      it(name, async () => {
        const client = await target.connect();
        client.send(MAGIC, settings([INITIAL_WINDOW_SIZE, 65_535]));
        const first = await client.next('SETTINGS');
        assert.ok(first !== 'closed' && first.type === SETTINGS && (first.flags & ACK) === 0);
      });
    }

    // "Clients and servers MUST treat an invalid connection preface as a connection error of type PROTOCOL_ERROR. A
    // GOAWAY frame MAY be omitted in this case, since an invalid preface indicates that the peer is not using HTTP/2."
    it('h2spec http2/3.5/2: Sends invalid connection preface', async () => {
      const client = await target.connect();
      client.send(Buffer.from('INVALID CONNECTION PREFACE\r\n\r\n'));
      await expectEnd(client);
    });

    it('ends a connection whose preface goes wrong in its last octet', async () => {
      const client = await target.connect();
      client.send(MAGIC.subarray(0, 23), Buffer.from('?'));
      await expectEnd(client);
    });

    // "This sequence MUST be followed by a SETTINGS frame, which MAY be empty."
    it('refuses a first frame other than SETTINGS', async () => {
      const client = await target.connect();
      client.send(MAGIC, ping('early'));
      await expectConnectionError(client, PROTOCOL_ERROR);
    });

    it('takes an empty SETTINGS frame', async () => {
      const client = await target.connect();
      client.send(MAGIC, settings(), endHeaders(1, get()));
      assert.equal(await expectAnswer(client, 1), CONTENT);
    });

    // "To avoid unnecessary latency, clients are permitted to send additional frames to the server immediately after
    // sending the client connection preface, without waiting to receive the server connection preface."
    it('answers a request that came in one packet with the preface', async () => {
      const client = await target.connect();
      client.send(MAGIC, settings([INITIAL_WINDOW_SIZE, 65_535]), endHeaders(1, get()));
      assert.equal(await expectAnswer(client, 1), CONTENT);
    });

    it('understands a preface and a request that come octet by octet', async () => {
      const client = await target.connect();
      for (const octet of Buffer.concat([MAGIC, settings(), endHeaders(1, get())])) {
        client.send(Buffer.of(octet));
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal(await expectAnswer(client, 1), CONTENT);
    });

    // "The SETTINGS frames received from a peer as part of the connection preface MUST be acknowledged after sending the
    // connection preface."
    it('sends its own SETTINGS before the acknowledgement of ours', async () => {
      const client = await target.connect();
      client.send(MAGIC, settings());
      await client.until('the ACK', ({ type, flags }) => type === SETTINGS && (flags & ACK) !== 0);
      const kinds = client.wire
        .filter(({ type }) => type !== WINDOW_UPDATE)
        .map(({ type, flags }) => [type, flags & ACK]);
      assert.deepEqual(kinds, [
        [SETTINGS, 0],
        [SETTINGS, ACK],
      ]);
    });
  });
}
