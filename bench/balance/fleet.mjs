import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pause, start, stop, temporaryDirectory } from '../relay/children.mjs';
import { CALLERS, CORES, ENDPOINTS } from './world.mjs';

const WEIR = fileURLToPath(new URL('../../packages/mesh/bin/weir.js', import.meta.url));
const BACKEND = fileURLToPath(new URL('./backend.mjs', import.meta.url));
const ANY = '127.0.0.1:0';

/** Eight backends, each behind a sidecar of its own, and a control plane that knows them as `work:80`. */
export async function startFleet() {
  const backends = await Promise.all(Array.from({ length: ENDPOINTS }, startBackend));
  const inbound = await Promise.all(backends.map(({ port }) => startInbound(port)));
  const directory = await temporaryDirectory();
  await writeFile(join(directory, 'service.yaml'), manifests(inbound.map(({ address }) => address)));
  const control = await startWeir(['control', '-f', directory, '--xds', ANY, '--http', ANY]);
  return { backends, inbound, directory, xds: control.listening.xds };
}

/** The callers' sidecars, new for each run, so that none knows anything of the one before. */
export async function startCallers({ directory, xds }, policy) {
  await writeFile(join(directory, 'policy.yaml'), policyOf(policy));
  const callers = await Promise.all(
    Array.from({ length: CALLERS }, () =>
      startWeir(['proxy', '--xds', xds, '--outbound', ANY, '--admin', ANY, '--listen', `work:80=${ANY}`]),
    ),
  );
  for (const { listening } of callers) await untilBalancedBy(listening.admin, policy.name);
  return callers.map((caller) => ({ ...caller, address: caller.listening.listeners['work:80'] }));
}

export const stopAll = (processes) => Promise.all(processes.map(({ child }) => stop(child)));

async function startBackend() {
  const child = start(process.execPath, [BACKEND, String(CORES)], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  return { child, port: Number(await firstLine(child)) };
}

async function startInbound(port) {
  // No control plane is needed to let callers in.
  const application = `127.0.0.1:${port}`;
  const args = ['proxy', '--xds', '127.0.0.1:9', '--outbound', ANY, '--admin', ANY];
  const sidecar = await startWeir([...args, '--inbound', `${ANY}=${application}`]);
  return { ...sidecar, address: sidecar.listening.inbound[application] };
}

async function startWeir(args) {
  const child = start(process.execPath, [WEIR, ...args, '-o', 'json']);
  return { child, listening: JSON.parse(await firstLine(child)) };
}

async function firstLine(child) {
  let text = '';
  child.stdout.setEncoding('utf8');
  const line = new Promise((resolve) => {
    child.stdout.on('data', (chunk) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end !== -1) resolve(text.slice(0, end));
    });
  });
  const ended = child.ended.then((code) => {
    throw new Error(`a process ended with ${code}: ${child.lastWords}`);
  });
  ended.catch(() => {});
  return Promise.race([line, ended]);
}

async function untilBalancedBy(admin, name) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const page = await fetch(`http://${admin}/clusters`, { headers: { connection: 'close' } });
    const { clusters } = await page.json();
    const found = clusters.find((cluster) => cluster.name.startsWith('outbound|80||work'));
    if (found?.policy === name && found.hosts.length === ENDPOINTS) return;
    if (Date.now() > deadline) throw new Error(`a caller does not balance by ${name} after 20 seconds`);
    await pause(50);
  }
}

const policyOf = ({ yaml }) => `apiVersion: weir.dev/v1
kind: GRPCPolicy
metadata: { name: work }
spec: { targetRef: { kind: Service, name: work }, loadBalancer: ${yaml} }
`;

const manifests = (addresses) => `apiVersion: v1
kind: Service
metadata: { name: work }
spec: { ports: [{ name: grpc, port: 80 }] }
${addresses.map(sliceOf).join('')}`;

const sliceOf = (address, at) => `---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: work-${at}, labels: { kubernetes.io/service-name: work } }
addressType: IPv4
ports: [{ name: grpc, port: ${address.split(':')[1]}, protocol: TCP }]
endpoints: [{ addresses: [${address.split(':')[0]}], targetRef: { kind: Pod, name: pod-${at} } }]
`;
