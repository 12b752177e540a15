import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { pause } from './children.mjs';

const START_LIMIT_MS = 15_000;

/** Waits until a port takes connections; fails when the program that should listen has ended. */
export async function untilAccepting(port, child, name) {
  child.stdout.resume();
  const deadline = Date.now() + START_LIMIT_MS;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      throw new Error(`${name} does not listen: ${child.lastWords}`);
    }
    await pause(20);
  }
}

/**
 * Makes one call through a running peer and checks all of the answer, the trailers included: h2load looks at the
 * status only, and a proxy that drops trailers would be no gRPC proxy.
 */
export async function checkCall({ scheme = 'http', port }, path, upBytes, downBytes) {
  const origin = `${scheme}://127.0.0.1:${port}`;
  const deadline = Date.now() + START_LIMIT_MS;
  for (;;) {
    try {
      const answer = await call(origin, path, upBytes);
      if (answer.status !== 200) throw new Error(`status ${answer.status}`);
      if (answer.bytes !== downBytes) throw new Error(`${answer.bytes} bytes instead of ${downBytes}`);
      if (answer.grpcStatus !== '0') throw new Error(`grpc-status ${answer.grpcStatus} in the trailers`);
      return;
    } catch (error) {
      if (Date.now() > deadline)
        throw new Error(`a call of ${path} is not relayed well: ${error.message}`, { cause: error });
      await pause(100);
    }
  }
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function call(origin, path, upBytes) {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(origin, { rejectUnauthorized: false });
    const fail = (error) => {
      session.destroy();
      reject(error);
    };
    session.once('error', fail);
    session.setTimeout(5000, () => fail(new Error('no answer')));
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      te: 'trailers',
      'content-type': 'application/grpc',
    });
    const answer = { status: 0, bytes: 0, grpcStatus: undefined };
    stream.on('response', (headers) => (answer.status = headers[':status']));
    stream.on('trailers', (trailers) => (answer.grpcStatus = trailers['grpc-status']));
    stream.on('data', (chunk) => (answer.bytes += chunk.length));
    stream.on('error', fail);
    stream.on('end', () => {
      session.close();
      resolve(answer);
    });
    stream.end(Buffer.alloc(upBytes));
  });
}
