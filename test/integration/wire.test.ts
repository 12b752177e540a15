import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  constants,
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { startMesh, type Mesh } from '../support/mesh.js';
import {
  grpcHeaders,
  grpcMessage,
  openSession,
  type RawResponse,
  type RawServer,
  readResponse,
  startRawServer,
} from '../support/raw-http2.js';

// What a gRPC library hides from its user, read and written as plain HTTP/2.
describe('what the sidecar puts on the wire', () => {
  let server: RawServer;
  let mesh: Mesh;
  let session: ClientHttp2Session;
  let answer: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void = () => {};

  before(async () => {
    server = await startRawServer((stream, headers) => answer(stream, headers));
    mesh = await startMesh([{ name: 'raw', address: server.address }]);
    session = await openSession(mesh.address);
  });
  after(async () => {
    session.destroy();
    await mesh.close();
    server.close();
  });

  const ask = (
    headers: Record<string, string> = {},
    body = grpcMessage(Buffer.from('ask')),
  ): Promise<RawResponse> => {
    const stream = session.request(grpcHeaders('/raw.Raw/Ask', headers));
    stream.end(body);
    return readResponse(stream);
  };

  it('keeps the request as it was', async () => {
    let seen: IncomingHttpHeaders = {};
    answer = (stream, headers) => {
      seen = headers;
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '0' },
        { endStream: true },
      );
    };
    await ask({
      ':authority': 'echo:50051',
      'content-type': 'application/grpc+proto',
      'grpc-timeout': '9S',
      'user-agent': 'test/1.0',
      'x-text': 'a value',
      'x-raw-bin': 'AAEC',
    });
    assert.equal(seen[':method'], 'POST');
    assert.equal(seen[':path'], '/raw.Raw/Ask');
    assert.equal(seen[':authority'], 'echo:50051');
    assert.equal(seen['te'], 'trailers');
    assert.equal(seen['content-type'], 'application/grpc+proto');
    assert.equal(seen['user-agent'], 'test/1.0');
    assert.equal(seen['x-text'], 'a value');
    assert.equal(seen['x-raw-bin'], 'AAEC');
    assert.match(String(seen['grpc-timeout']), /^\d{1,8}[HMSmun]$/);
  });

  it('keeps Trailers-Only in one frame', async () => {
    answer = (stream) =>
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '5', 'grpc-message': 'no %25' },
        { endStream: true },
      );
    const response = await ask();
    assert.equal(response.trailersOnly, true);
    assert.equal(response.headers['grpc-status'], '5');
    assert.equal(response.headers['grpc-message'], 'no %25');
  });

  it('keeps headers, message and trailers apart', async () => {
    answer = (stream) => {
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'x-early': '1' },
        { waitForTrailers: true },
      );
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-late-bin': '/w==' }));
      stream.end(grpcMessage(Buffer.from('answer')));
    };
    const response = await ask();
    assert.equal(response.trailersOnly, false);
    assert.equal(response.headers['x-early'], '1');
    assert.deepEqual(response.body, grpcMessage(Buffer.from('answer')));
    assert.equal(response.trailers['grpc-status'], '0');
    assert.equal(response.trailers['x-late-bin'], '/w==');
  });

  it('passes response headers on before the first message', async () => {
    answer = (stream) => stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
    const stream = session.request(grpcHeaders('/raw.Raw/Wait'));
    const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
    assert.equal(headers['content-type'], 'application/grpc');
    stream.close(constants.NGHTTP2_CANCEL);
    await once(stream, 'close');
  });

  it('leaves compressed messages alone, up and down', async () => {
    const message = grpcMessage(gzipSync(Buffer.alloc(100_000, 'again and ')), true);
    let encoding: string | string[] | undefined;
    answer = (stream, headers) => {
      encoding = headers['grpc-encoding'];
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        stream.respond(
          { ':status': 200, 'content-type': 'application/grpc', 'grpc-encoding': 'gzip' },
          { waitForTrailers: true },
        );
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.concat(chunks));
      });
    };
    const response = await ask({ 'grpc-encoding': 'gzip', 'grpc-accept-encoding': 'identity,gzip' }, message);
    assert.equal(encoding, 'gzip');
    assert.equal(response.headers['grpc-encoding'], 'gzip');
    assert.ok(response.body.equals(message));
  });

  for (const [name, code] of [
    ['CANCEL', constants.NGHTTP2_CANCEL],
    ['INTERNAL_ERROR', constants.NGHTTP2_INTERNAL_ERROR],
    ['ENHANCE_YOUR_CALM', constants.NGHTTP2_ENHANCE_YOUR_CALM],
  ] as const) {
    it(`passes a reset by the server on: ${name}`, async () => {
      answer = (stream) => {
        // Trailers to come keep Node from ending the stream in good order before it resets it.
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.write(grpcMessage(Buffer.from('half')), () => stream.close(code));
      };
      const response = await ask();
      assert.equal(response.resetCode, code);
    });
  }

  it('passes a reset by the caller on', async () => {
    const resetCode = new Promise<number>((resolve) => {
      answer = (stream) => stream.on('close', () => resolve(stream.rstCode ?? 0));
    });
    const stream = session.request(grpcHeaders('/raw.Raw/Wait'));
    stream.on('error', () => {});
    stream.write(grpcMessage(Buffer.from('half')));
    await new Promise((resolve) => setTimeout(resolve, 50));
    stream.close(constants.NGHTTP2_CANCEL);
    assert.equal(await resetCode, constants.NGHTTP2_CANCEL);
  });

  it('carries plain HTTP/2 as well: a GET with a status of its own', async () => {
    answer = (stream, headers) => {
      stream.respond({ ':status': 404, 'content-type': 'text/plain', 'x-method': headers[':method'] ?? '' });
      stream.end('not here');
    };
    const stream = session.request({ ':method': 'GET', ':scheme': 'http', ':path': '/page' });
    stream.end();
    const response = await readResponse(stream);
    assert.equal(response.headers[':status'], 404);
    assert.equal(response.headers['x-method'], 'GET');
    assert.equal(response.body.toString(), 'not here');
  });
});
