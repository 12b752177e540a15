import assert from 'node:assert/strict';
import type { ClientHttp2Session, ClientHttp2Stream, ServerHttp2Stream } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Duplex, Readable } from 'node:stream';
import { type AttackRange, startAttackRange } from '../../support/attack-range.js';
import { grpcHeaders, openSession, type RawServer, startRawServer } from '../../support/raw-http2.js';
import { until } from '../../support/until.js';
import { MemoryWatch, settled } from './memory.js';

const MiB = 1024 * 1024;
const CHUNK = Buffer.alloc(64 * 1024, 'b');
const BODY_BYTES = 1024 * MiB;
const WARM_UP_BYTES = 64 * MiB;
/** How long the receiver takes nothing, after everything has come to a stop. */
const STALL_MS = 3_000;

export interface StalledTransfer {
  /** What the sender got rid of while the receiver took nothing: windows and socket buffers on the way, all told. */
  readonly acceptedBytes: number;
  readonly stalledGrowthBytes: number;
  readonly flowingGrowthBytes: number;
  /** For all of the body, once the receiver reads. */
  readonly seconds: number;
}

export function uploadIntoStalledServer(): Promise<StalledTransfer> {
  return transfer(async (session, server) => {
    const request = session.request(grpcHeaders('/weir.test.Upload/Up'));
    request.on('error', () => {});
    await until('the request has come', () => server.stream !== undefined);
    return { sender: request, receiver: server.stream! };
  });
}

export function downloadIntoStalledClient(): Promise<StalledTransfer> {
  return transfer(async (session, server) => {
    const request = session.request(grpcHeaders('/weir.test.Download/Down'));
    request.on('error', () => {});
    request.end();
    await until('the request has come', () => server.stream !== undefined);
    const response = server.stream!;
    response.respond({ ':status': 200, 'content-type': 'application/grpc' });
    return { sender: response, receiver: request };
  });
}

interface Ends {
  readonly sender: Duplex;
  readonly receiver: ClientHttp2Stream | ServerHttp2Stream;
}

type OpenEnds = (
  session: ClientHttp2Session,
  server: { stream: ServerHttp2Stream | undefined },
) => Promise<Ends>;

async function transfer(openEnds: OpenEnds): Promise<StalledTransfer> {
  const server: { stream: ServerHttp2Stream | undefined } = { stream: undefined };
  const raw: RawServer = await startRawServer((stream) => (server.stream = stream));
  const range: AttackRange = await startAttackRange({ hostile: raw.address });
  const session = await openSession(range.hostileAddress);
  try {
    const warm = await openEnds(session, server);
    await flow(warm, WARM_UP_BYTES);
    server.stream = undefined;

    const ends = await openEnds(session, server);
    const stalled = new MemoryWatch(range);
    const written = pump(ends.sender, BODY_BYTES);
    await settled(written);
    await sleep(STALL_MS);
    const acceptedBytes = written() - ends.sender.writableLength;
    const stalledGrowthBytes = stalled.growthBytes();
    const flowing = new MemoryWatch(range);
    const begunMs = performance.now();
    assert.equal(await drain(ends.receiver), BODY_BYTES, 'every byte arrives');
    return {
      acceptedBytes,
      stalledGrowthBytes,
      flowingGrowthBytes: flowing.growthBytes(),
      seconds: (performance.now() - begunMs) / 1_000,
    };
  } finally {
    session.destroy();
    await range.close();
    raw.close();
  }
}

async function flow({ sender, receiver }: Ends, bytes: number): Promise<void> {
  pump(sender, bytes);
  assert.equal(await drain(receiver), bytes);
}

/** Writes as much as the stream takes; tells what it has written so far. */
function pump(to: Duplex, totalBytes: number): () => number {
  let written = 0;
  const go = (): void => {
    while (written < totalBytes) {
      written += CHUNK.length;
      if (!to.write(CHUNK)) return void to.once('drain', go);
    }
    to.end();
  };
  go();
  return () => written;
}

/** Reads to the end; returns how many bytes there were. */
async function drain(from: Readable): Promise<number> {
  let bytes = 0;
  from.on('data', (chunk: Buffer) => (bytes += chunk.length));
  await new Promise<void>((resolve, reject) => {
    from.once('end', resolve).once('error', reject);
  });
  return bytes;
}
