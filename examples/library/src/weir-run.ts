import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const weir = createRequire(import.meta.url)
  .resolve('weir/package.json')
  .replace('package.json', 'bin/weir.js');
const FREE = '127.0.0.1:0';

export interface WeirRun {
  /** Where the sidecar stands for `greeter:50051`. */
  readonly greeter: string;
  /** The file by which an xDS client finds the control plane. */
  readonly bootstrap: string;
  stop(): void;
}

/** Runs `weir run`: control plane and sidecar, for the service `greeter` at these addresses. */
export async function startWeir(addresses: readonly string[]): Promise<WeirRun> {
  const mesh = mkdtempSync(join(tmpdir(), 'weir-side-by-side-'));
  writeFileSync(join(mesh, 'greeter.yaml'), serviceEntry(addresses));
  const flags = ['-f', mesh, '-o', 'json', '--listen', `greeter:50051=${FREE}`];
  for (const flag of ['--outbound', '--admin', '--xds', '--http']) flags.push(flag, FREE);
  const child = spawn(process.execPath, [weir, 'run', ...flags], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const { listeners, xds, admin } = JSON.parse(line) as {
    readonly listeners: Readonly<Record<string, string>>;
    readonly xds: string;
    readonly admin: string;
  };
  while (!(await isReady(admin))) await sleep(50);
  const bootstrap = join(mesh, 'bootstrap.json');
  execFileSync(process.execPath, [weir, 'bootstrap', '--server', xds, '-o', bootstrap]);
  return {
    greeter: listeners['greeter:50051']!,
    bootstrap,
    stop: () => {
      child.kill();
      rmSync(mesh, { recursive: true });
    },
  };
}

function isReady(admin: string): Promise<boolean> {
  return fetch(`http://${admin}/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** The service as a mesh without a cluster knows it. */
function serviceEntry(addresses: readonly string[]): string {
  const endpoints = addresses.map((address) => {
    const [host, port] = address.split(':');
    return `    - { address: ${host}, ports: { grpc: ${port} } }`;
  });
  return `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: greeter }
spec:
  hosts: [greeter]
  resolution: STATIC
  ports: [{ name: grpc, number: 50051, protocol: GRPC }]
  endpoints:
${endpoints.join('\n')}
`;
}
