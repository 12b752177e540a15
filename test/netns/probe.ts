import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import type { ContainerSpec, ProbeSpec } from './container.js';

interface PortName {
  readonly name?: string;
  readonly containerPort: number;
}

const TIMEOUT_MS = 1_000;

/** Carries a probe out as the kubelet does: from the node, at the pod's address. */
export async function probe(
  { httpGet, tcpSocket, grpc }: ProbeSpec,
  container: ContainerSpec & { readonly ports?: readonly PortName[] },
  address: string,
): Promise<boolean> {
  const number = (port: number | string): number =>
    typeof port === 'number'
      ? port
      : (container.ports?.find(({ name }) => name === port)?.containerPort ?? 0);
  try {
    if (httpGet !== undefined) {
      const url = `http://${address}:${number(httpGet.port)}${httpGet.path ?? '/'}`;
      const response = await fetch(url, {
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: { connection: 'close' },
      });
      await response.text();
      return response.status >= 200 && response.status < 400;
    }
    if (tcpSocket !== undefined) return await opens(address, number(tcpSocket.port));
    if (grpc !== undefined) return await answersGrpc(address, grpc.port);
    return true;
  } catch {
    return false;
  }
}

function opens(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: TIMEOUT_MS });
    const finish = (open: boolean): void => {
      socket.destroy();
      resolve(open);
    };
    socket
      .on('connect', () => finish(true))
      .on('error', () => finish(false))
      .on('timeout', () => finish(false));
  });
}

/** `grpc.health.v1.Health/Check` of the whole server: SERVING is field 1 with the value 1. */
function answersGrpc(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const session = connectHttp2(`http://${host}:${port}`);
    const finish = (serving: boolean): void => {
      clearTimeout(late);
      session.destroy();
      resolve(serving);
    };
    const late = setTimeout(() => finish(false), TIMEOUT_MS);
    session.on('error', () => finish(false));
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', () => finish(false));
    stream.on('end', () =>
      finish(
        Buffer.concat(chunks)
          .subarray(5)
          .equals(Buffer.from([8, 1])),
      ),
    );
    stream.end(Buffer.alloc(5));
  });
}
