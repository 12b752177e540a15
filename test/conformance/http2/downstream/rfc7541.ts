import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COMPRESSION_ERROR, endHeaders, headers, HEADERS } from '../../../support/raw-frames/frame.js';
import {
  indexed,
  indexing,
  integer,
  literal,
  neverIndexed,
  sizeUpdate,
  text,
} from '../../../support/raw-frames/hpack-writer.js';
import { expectAnswer, expectConnectionError, expectResponse } from '../expect.js';
import { get } from '../request.js';
import type { Target } from './target.js';

export function headerCompression(target: Target): void {
  /** A request whose block is an ordinary one with `more` behind it. */
  const taken = (name: string, ...more: readonly Uint8Array[]) => {
    it(name, async () => {
      const client = await target.client();
      client.send(endHeaders(1, Buffer.concat([get(), ...more])));
      await expectResponse(client, 1);
    });
  };
  const refused = (name: string, ...more: readonly Uint8Array[]) => {
    it(name, async () => {
      const client = await target.client();
      client.send(endHeaders(1, Buffer.concat([get(), ...more])));
      await expectConnectionError(client, COMPRESSION_ERROR);
      assert.equal(target.requests.length, 0);
    });
  };
  const hex = (octets: string) => Buffer.from(octets.replaceAll(' ', ''), 'hex');
  /** A name that is plain in one case and Huffman coded in the other. */
  const userAgent = '0a 757365722d6167656e74';
  const userAgentHuffman = '87 b505b161cc5a93';
  const plainTest = '06 782d74657374';
  const huffmanTest = '85 f2b24a84ff';
  const h2spec = '06 683273706563';
  const h2specHuffman = '84 9c48aca4';

  describe('RFC 7541 2.3.3 Index Address Space', () => {
    // "Indices strictly greater than the sum of the lengths of both tables MUST be treated as a decoding error."
    refused(
      'h2spec hpack/2.3.3/1: Sends a indexed header field representation with invalid index',
      hex('c6'),
    );
    refused(
      'h2spec hpack/2.3.3/2: Sends a literal header field representation with invalid index',
      hex('7f0700'),
    );
    refused('refuses index 62 while the dynamic table is empty', indexed(62));
    taken('takes index 61, the last of the static table', indexed(61));
    it('h2spec generic/5/1: Sends a indexed header field representation', async () => {
      // Index 58 is user-agent with an empty value.
      const client = await target.client();
      client.send(endHeaders(1, Buffer.concat([get(), hex('ba')])));
      await expectResponse(client, 1);
      assert.equal(target.requests.at(-1)?.['user-agent'], '');
    });
  });

  describe('RFC 7541 4.2 Maximum Table Size', () => {
    // "This dynamic table size update MUST occur at the beginning of the first header block following the change to the
    // dynamic table size."
    refused('h2spec hpack/4.2/1: Sends a dynamic table size update at the end of header block', hex('21'));
    refused('refuses a size update between two fields', sizeUpdate(100), literal(['x-test', 'ok']));
    it('h2spec generic/5/15: Sends multiple dynamic table size update', async () => {
      const client = await target.client();
      client.send(endHeaders(1, Buffer.concat([sizeUpdate(128), sizeUpdate(4096), get()])));
      await expectResponse(client, 1);
    });
  });

  describe('RFC 7541 4.3 and 4.4 Entry Eviction', () => {
    // 4.3: "Whenever the maximum size for the dynamic table is reduced, entries are evicted from the end of the dynamic
    // table until the size of the dynamic table is less than or equal to the maximum size."
    it('forgets all entries at a size update to 0', async () => {
      const client = await target.client();
      client.send(endHeaders(1, Buffer.concat([get(), indexing(['x-test', 'kept'])])));
      await expectAnswer(client, 1);
      client.send(endHeaders(3, Buffer.concat([sizeUpdate(0), sizeUpdate(4096), get(), indexed(62)])));
      await expectConnectionError(client, COMPRESSION_ERROR);
    });

    // 4.4: "an attempt to add an entry larger than the maximum size causes the table to be emptied of all existing
    // entries and results in an empty table."
    it('is left with an empty table by an entry larger than it', async () => {
      const client = await target.client();
      const large = indexing(['x-large', 'y'.repeat(4096)]);
      client.send(endHeaders(1, Buffer.concat([get(), indexing(['x-test', 'kept']), large])));
      await expectAnswer(client, 1);
      client.send(endHeaders(3, Buffer.concat([get(), indexed(62)])));
      await expectConnectionError(client, COMPRESSION_ERROR);
    });

    it('drops the oldest entry when a new one needs its room', async () => {
      const client = await target.client();
      const entry = (value: string) => indexing(['x-test', value.repeat(1500)]);
      client.send(endHeaders(1, Buffer.concat([get(), entry('a'), entry('b'), entry('c')])));
      await expectAnswer(client, 1);
      client.send(endHeaders(3, Buffer.concat([get(), indexed(63)])));
      await expectAnswer(client, 3);
      assert.equal(target.requests.at(-1)?.['x-test'], 'b'.repeat(1500));
      client.send(endHeaders(5, Buffer.concat([get(), indexed(64)])));
      await expectConnectionError(client, COMPRESSION_ERROR);
    });

    // 4.4: "A new entry can reference the name of an entry in the dynamic table that will be evicted when adding this new
    // entry into the dynamic table. Implementations are cautioned to avoid deleting the referenced name".
    it('takes a name from an entry that is dropped to make room', async () => {
      const client = await target.client();
      const renamed = Buffer.concat([integer(0x40, 6, 62), text('z'.repeat(2000))]);
      client.send(endHeaders(1, Buffer.concat([get(), indexing(['x-test', 'a'.repeat(3000)]), renamed])));
      await expectAnswer(client, 1);
      client.send(endHeaders(3, Buffer.concat([get(), indexed(62)])));
      await expectAnswer(client, 3);
      assert.equal(target.requests.at(-1)?.['x-test'], 'z'.repeat(2000));
    });
  });

  describe('RFC 7541 5.1 Integer Representation', () => {
    // "Integer encodings that exceed implementation limits -- in value or octet length -- MUST be treated as decoding
    // errors."
    refused('refuses an integer without end', Buffer.concat([Buffer.of(0xff), Buffer.alloc(64, 0xff)]));
    refused('refuses an integer that is cut off', Buffer.of(0xff, 0x80));
    refused('refuses an index of 2^63', hex('ff 8080808080808080807f'));
    refused('refuses a string longer than its block', hex('00 7f ffffffff0f 61'));
    taken(
      'takes an integer padded with octets of zero',
      hex('00 06 782d74657374 7f 8100'),
      Buffer.alloc(128, 'x'),
    );
  });

  describe('RFC 7541 5.2 String Literal Representation', () => {
    // "Padding strictly longer than 7 bits MUST be treated as a decoding error."
    refused(
      'h2spec hpack/5.2/1: Sends a Huffman-encoded string literal representation with padding longer than 7 bits',
      hex('00 85f2b24a84ff 8449509fff'),
    );
    // "Padding not corresponding to the most significant bits of the code for the EOS symbol MUST be treated as a
    // decoding error."
    refused(
      'h2spec hpack/5.2/2: Sends a Huffman-encoded string literal representation padded by zero',
      hex('00 85f2b24a84ff 83495090'),
    );
    // "A Huffman-encoded string literal containing the EOS symbol MUST be treated as a decoding error."
    refused(
      'h2spec hpack/5.2/3: Sends a Huffman-encoded string literal representation containing the EOS symbol',
      hex('00 85f2b24a84ff 874951fffffffa7f'),
    );
  });

  describe('RFC 7541 6.1 Indexed Header Field Representation', () => {
    // "The index value of 0 is not used. It MUST be treated as a decoding error if found in an indexed header field
    // representation."
    refused('h2spec hpack/6.1/1: Sends a indexed header field representation with index 0', hex('80'));
  });

  describe('RFC 7541 6.2 Literal Header Field Representation', () => {
    for (const [name, octets] of [
      [
        '2: Sends a literal header field with incremental indexing - indexed name',
        `40 ${userAgentHuffman} ${h2specHuffman}`,
      ],
      [
        '3: Sends a literal header field with incremental indexing - indexed name (with Huffman coding)',
        `40 ${userAgent} ${h2spec}`,
      ],
      ['4: Sends a literal header field with incremental indexing - new name', `40 ${plainTest} ${h2spec}`],
      [
        '5: Sends a literal header field with incremental indexing - new name (with Huffman coding)',
        `40 ${huffmanTest} ${h2specHuffman}`,
      ],
      ['6: Sends a literal header field without indexing - indexed name', `00 ${userAgent} ${h2spec}`],
      [
        '7: Sends a literal header field without indexing - indexed name (with Huffman coding)',
        `00 ${userAgentHuffman} ${h2specHuffman}`,
      ],
      ['8: Sends a literal header field without indexing - new name', `00 ${plainTest} ${h2spec}`],
      [
        '9: Sends a literal header field without indexing - new name (huffman encoded)',
        `00 ${huffmanTest} ${h2specHuffman}`,
      ],
      ['10: Sends a literal header field never indexed - indexed name', `10 ${userAgent} ${h2spec}`],
      [
        '11: Sends a literal header field never indexed - indexed name (huffman encoded)',
        `10 ${userAgentHuffman} ${h2specHuffman}`,
      ],
      ['12: Sends a literal header field never indexed - new name', `10 ${huffmanTest} ${h2specHuffman}`],
      [
        '13: Sends a literal header field never indexed - new name (huffman encoded)',
        `10 ${huffmanTest} ${h2specHuffman}`,
      ],
    ] as const) {
      it(`h2spec generic/5/${name}`, async () => {
        const client = await target.client();
        client.send(endHeaders(1, Buffer.concat([get(), hex(octets)])));
        await expectResponse(client, 1);
        const [request] = target.requests;
        assert.equal(request?.['user-agent'] ?? request?.['x-test'], 'h2spec');
      });
    }
    taken('takes a name from the static table', hex('0f 2b 03 616263'));
    refused('refuses a literal without a value', hex('00 01 78'));

    // 6.2.1: "inserting it as a new entry into the dynamic table."
    it('finds a field with incremental indexing again at index 62, the newest first', async () => {
      const client = await target.client();
      const two = [indexing(['x-older', '1']), indexing(['x-test', '2'])];
      client.send(endHeaders(1, Buffer.concat([get(), ...two])));
      await expectAnswer(client, 1);
      client.send(endHeaders(3, Buffer.concat([get(), indexed(62), indexed(63)])));
      await expectAnswer(client, 3);
      assert.equal(target.requests.at(-1)?.['x-test'], '2');
      assert.equal(target.requests.at(-1)?.['x-older'], '1');
    });

    // 6.2.2 and 6.2.3: "without altering the dynamic table."
    for (const [name, form] of [
      ['without indexing', literal],
      ['never indexed', neverIndexed],
    ] as const) {
      it(`leaves the dynamic table alone for a literal ${name}`, async () => {
        const client = await target.client();
        client.send(endHeaders(1, Buffer.concat([get(), form(['x-test', 'no'])])));
        await expectAnswer(client, 1);
        client.send(endHeaders(3, Buffer.concat([get(), indexed(62)])));
        await expectConnectionError(client, COMPRESSION_ERROR);
      });
    }
  });

  describe('RFC 7541 6.3 Dynamic Table Size Update', () => {
    it('h2spec generic/5/14: Sends a dynamic table size update', async () => {
      const client = await target.client();
      client.send(endHeaders(1, Buffer.concat([sizeUpdate(128), get()])));
      await expectResponse(client, 1);
    });

    // "The new maximum size MUST be lower than or equal to the limit determined by the protocol using HPACK. A value that
    // exceeds this limit MUST be treated as a decoding error."
    it('h2spec hpack/6.3/1: Sends a dynamic table size update larger than the value of SETTINGS_HEADER_TABLE_SIZE', async () => {
      const client = await target.client();
      client.send(endHeaders(1, Buffer.concat([sizeUpdate(4097), get()])));
      await expectConnectionError(client, COMPRESSION_ERROR);
    });

    it('takes a block that is nothing but a size update as trailers', async () => {
      const client = await target.client();
      client.send(headers(1, get()), endHeaders(1, sizeUpdate(0)), endHeaders(3, get()));
      await client.until('the answer', ({ type, streamId }) => type === HEADERS && streamId === 3);
    });
  });
}
