/**
 * A straightforward relay over `node:http2`: one session per endpoint, a round robin over them per request,
 * streams joined by `pipe`, trailers passed on. No routes, no policies, no metrics.
 *
 *     node node-http2-relay.mjs PORT ENDPOINT_PORT…
 */
import { connect, constants, createServer } from 'node:http2';

const [port, ...endpoints] = process.argv.slice(2).map(Number);
const SETTINGS = { maxConcurrentStreams: 1024, initialWindowSize: 256 * 1024 };
const CONNECTION_WINDOW_BYTES = 1024 * 1024;

const sessions = endpoints.map((endpoint) => {
  const session = connect(`http://127.0.0.1:${endpoint}`, { settings: SETTINGS });
  session.on('connect', () => session.setLocalWindowSize(CONNECTION_WINDOW_BYTES));
  return session;
});
let next = 0;

const server = createServer({ settings: SETTINGS });
server.on('session', (session) => session.setLocalWindowSize(CONNECTION_WINDOW_BYTES));
server.on('stream', (downstream, headers) => {
  const upstream = sessions[next++ % sessions.length].request(headers);
  let trailers;
  upstream.on('trailers', (received) => (trailers = received));
  upstream.on('response', (response) => downstream.respond(response, { waitForTrailers: true }));
  downstream.on('wantTrailers', () => {
    if (trailers === undefined) downstream.close();
    else downstream.sendTrailers(trailers);
  });
  downstream.pipe(upstream);
  upstream.pipe(downstream);
  downstream.on('aborted', () => upstream.close(constants.NGHTTP2_CANCEL));
  downstream.on('error', () => upstream.close(constants.NGHTTP2_CANCEL));
  upstream.on('error', () => downstream.close(constants.NGHTTP2_INTERNAL_ERROR));
});
server.listen(port, '127.0.0.1');
