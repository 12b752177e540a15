import { decodeOrcaLoadReport, LOAD_PROBE_PATH, LOAD_TRAILER, type OrcaLoadReport } from '@weir/core';
import { status as Status } from '@grpc/grpc-js';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { after, afterEach, before, describe, it } from 'node:test';
import { callUnary, createEchoClient, type EchoClient } from '../support/echo-client.js';
import { startEchoServer, type EchoServer } from '../support/echo-server.js';
import { type InboundSidecar, startInboundSidecar } from '../support/inbound-sidecar.js';
import { needsWeir } from '../support/mesh.js';
import {
  grpcHeaders,
  grpcMessage,
  openSession,
  type RawResponse,
  readResponse,
  startRawServer,
} from '../support/raw-http2.js';
import { readMetric } from '../support/read-metric.js';
import { until } from '../support/until.js';

const LOAD_STREAM_PATH = '/xds.service.orca.v3.OpenRcaService/StreamCoreMetrics';
const NOTHING = new Uint8Array();

describe('the load of an application', needsWeir, () => {
  const closing: (() => unknown)[] = [];
  const later = (close: () => unknown): void => void closing.push(close);
  let server: EchoServer;

  before(async () => {
    server = await startEchoServer({ name: 'pod-1' });
  });
  afterEach(async () => {
    server.release();
    for (const close of closing.splice(0).reverse()) await close();
  });
  after(() => server.destroy());

  const sidecarOf = async (application: string, ...args: string[]): Promise<InboundSidecar> => {
    const sidecar = await startInboundSidecar(application, ...args);
    later(() => sidecar.kill());
    return sidecar;
  };
  const sessionTo = async ({ address }: InboundSidecar): Promise<ClientHttp2Session> => {
    const session = await openSession(address);
    later(() => session.destroy());
    return session;
  };
  const clientOf = ({ address }: InboundSidecar): EchoClient => {
    const client = createEchoClient(address);
    later(() => client.close());
    return client;
  };

  it('is told in the trailers of every gRPC response', async () => {
    const sidecar = await sidecarOf(server.address);
    const client = clientOf(sidecar);
    const others = [1, 2].map(() => callUnary(client, { hold: true }));
    await until('two are under way', () => server.open === 2);
    const { status } = await callUnary(client, { delayMs: 30 });
    const report = decode(status.metadata.get(LOAD_TRAILER)[0]);
    assert.equal(report.requestsInFlight, 2);
    assert.ok((report.latencyMs ?? 0) >= 29, `${report.latencyMs} ms`);
    assert.ok(report.qps > 0);
    await assert.rejects(callUnary(client, { statusCode: Status.INTERNAL }), (error: unknown) => {
      const { metadata } = error as { metadata: typeof status.metadata };
      return decode(metadata.get(LOAD_TRAILER)[0]).eps > 0;
    });
    server.release();
    await Promise.all(others);
  });

  it('is told to who asks, without the application hearing of it', async () => {
    const sidecar = await sidecarOf(server.address, '--load', 'on-request');
    const client = clientOf(sidecar);
    const held = callUnary(client, { hold: true });
    await until('the call is under way', () => server.open === 1);
    const callsBefore = server.calls;
    const session = await sessionTo(sidecar);
    for (let asked = 1; asked <= 3; asked++) {
      const { headers, trailersOnly } = await call(session, LOAD_PROBE_PATH);
      assert.deepEqual([headers['grpc-status'], trailersOnly], ['0', true]);
      assert.equal(decode(headers[LOAD_TRAILER]).requestsInFlight, 1);
    }
    assert.equal(server.calls, callsBefore);
    const { body } = await sidecar.weir.get('/metrics');
    assert.equal(readMetric(body, 'weir_load_probes_answered_total', { direction: 'inbound' }), 3);
    server.release();
    assert.deepEqual((await held).status.metadata.get(LOAD_TRAILER), [], 'not to who does not ask');
    assert.equal(readMetric((await sidecar.weir.get('/metrics')).body, 'weir_requests_total'), 1);
  });

  it("is the application's word where it has one", async () => {
    const own = Buffer.from('CQAAAAAAAOA/', 'base64');
    const application = await startRawServer((stream) => {
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc' },
        { waitForTrailers: true, endStream: false },
      );
      stream.on('wantTrailers', () =>
        stream.sendTrailers({ 'grpc-status': '0', [LOAD_TRAILER]: own.toString('base64') }),
      );
      stream.end(grpcMessage(NOTHING));
    });
    later(() => application.close());
    const sidecar = await sidecarOf(application.address);
    const { trailers } = await call(await sessionTo(sidecar), '/a.B/C');
    assert.equal(trailers[LOAD_TRAILER], own.toString('base64'));
    assert.equal(decode(trailers[LOAD_TRAILER]).cpuUtilization, 0.5);
  });

  it('is streamed apart from calls to who wants that (gRFC A51), and the stream ends when the proxy stops', async () => {
    const sidecar = await sidecarOf(server.address);
    const session = await sessionTo(sidecar);
    const stream = session.request(grpcHeaders(LOAD_STREAM_PATH));
    // OrcaLoadReportRequest { report_interval { seconds: 1 } }
    stream.end(grpcMessage(Uint8Array.from([0x0a, 2, 0x08, 1])));
    const reports = messages(stream);
    await until('a second report has come', () => reports.length >= 2);
    for (const report of reports) assert.equal(decodeOrcaLoadReport(report)?.requestsInFlight, 0);
    const trailers = once(stream, 'trailers');
    sidecar.weir.process.signal('SIGTERM');
    const [{ 'grpc-status': status }] = (await trailers) as [Record<string, string>];
    assert.equal(status, '14');
    assert.deepEqual(await sidecar.weir.process.exited, { code: 0, signal: null });
  });

  it('is nobody’s business when that is asked for: questions go to the application', async () => {
    const sidecar = await sidecarOf(server.address, '--load', 'none');
    const { status } = await callUnary(clientOf(sidecar));
    assert.deepEqual(status.metadata.get(LOAD_TRAILER), []);
    const { headers } = await call(await sessionTo(sidecar), LOAD_PROBE_PATH);
    assert.equal(headers['grpc-status'], String(Status.UNIMPLEMENTED));
  });

  it('counts requests whose caller has gone no longer', async () => {
    const sidecar = await sidecarOf(server.address);
    const session = await sessionTo(sidecar);
    const abandoned = session.request(grpcHeaders('/weir.test.Echo/Unary'));
    await until('it is counted', async () => (await probe(session)).requestsInFlight === 1);
    abandoned.close(8);
    await until('it is counted no longer', async () => (await probe(session)).requestsInFlight === 0);
  });
});

async function call(session: ClientHttp2Session, path: string): Promise<RawResponse> {
  const stream = session.request(grpcHeaders(path));
  stream.end(grpcMessage(NOTHING));
  return readResponse(stream);
}

async function probe(session: ClientHttp2Session): Promise<OrcaLoadReport> {
  return decode((await call(session, LOAD_PROBE_PATH)).headers[LOAD_TRAILER]);
}

function decode(value: unknown): OrcaLoadReport {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'base64') : (value as Buffer | undefined);
  const report = bytes && decodeOrcaLoadReport(bytes);
  assert.ok(report !== undefined, `no load report: ${String(value)}`);
  return report;
}

/** The messages that come, as they come. */
function messages(stream: ClientHttp2Stream): Buffer[] {
  const found: Buffer[] = [];
  let bytes: Buffer = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    while (bytes.length >= 5 && bytes.length >= 5 + bytes.readUInt32BE(1)) {
      const end = 5 + bytes.readUInt32BE(1);
      found.push(bytes.subarray(5, end));
      bytes = bytes.subarray(end);
    }
  });
  return found;
}
