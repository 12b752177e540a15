import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { start } from '../relay/children.mjs';

const CHECKOUT = join(dirname(fileURLToPath(import.meta.url)), '../..');
const SERVICE = 'bench:50051';

/**
 * The sidecar as it is shipped: a control plane that reads a directory of YAML, and the proxy that learns
 * from it over xDS. Policies and metrics are what they are by default. Only the proxy's CPU time counts.
 *
 * @param checkout - where the built project is
 * @param proxyOptions - further options of `weir proxy`
 * @param rules - YAML of rules for the service `bench`, beside it
 */
export const weirOf = (checkout, name, title, proxyOptions = [], rules = '') => ({
  name,
  title,
  needs: undefined,
  async start(endpoints, directory, options = {}) {
    const { control } = await startControlOf(checkout, endpoints, directory, options.furtherServices, rules);
    const proxyArgs = ['proxy', '--xds', control.addresses.xds, '--listen', `${SERVICE}=127.0.0.1:0`];
    const proxy = await listening(
      checkout,
      [...proxyArgs, '--outbound', '127.0.0.1:0', '--admin', '127.0.0.1:0', ...proxyOptions],
      options.nodeArgs,
    );
    const port = Number(proxy.addresses.listeners[SERVICE].split(':').at(-1));
    return { port, child: proxy.child, helpers: [control.child], admin: proxy.addresses.admin };
  },
});

export const weir = weirOf(CHECKOUT, 'weir', 'Weir sidecar');

/** Starts a control plane that tells of the endpoints; `service` is the name they go by. */
export async function startControlOf(checkout, endpoints, directory, furtherServices = 0, rules = '') {
  const manifests = join(directory, 'manifests');
  await mkdir(manifests, { recursive: true });
  await writeFile(join(manifests, 'bench.yaml'), manifest('bench', endpoints));
  if (rules !== '') await writeFile(join(manifests, 'rules.yaml'), rules);
  for (let index = 0; index < furtherServices; index++) {
    await writeFile(join(manifests, `further-${index}.yaml`), manifest(`further-${index}`, endpoints));
  }
  const control = await listening(checkout, [
    'control',
    '-f',
    manifests,
    '--xds',
    '127.0.0.1:0',
    '--http',
    '127.0.0.1:0',
  ]);
  return { control, service: SERVICE };
}

async function listening(checkout, args, nodeArgs = []) {
  const program = join(checkout, 'packages/mesh/bin/weir.js');
  const child = start(process.execPath, [...nodeArgs, program, ...args, '-o', 'json']);
  const line = await firstLineOf(child, `weir ${args[0]}`);
  return { child, addresses: JSON.parse(line) };
}

/** The first line that a program prints on standard output. */
export function firstLineOf(child, title) {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
    });
    void child.ended.then(() => reject(new Error(`${title} ended: ${child.lastWords}`)));
  });
}

function manifest(name, endpoints) {
  const slices = endpoints.map(
    (port, index) => `---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: ${name}-${index}
  labels:
    kubernetes.io/service-name: ${name}
addressType: IPv4
ports:
  - name: grpc
    port: ${port}
    protocol: TCP
    appProtocol: grpc
endpoints:
  - addresses: ['127.0.0.1']
    conditions: { ready: true, serving: true, terminating: false }
    targetRef: { kind: Pod, name: ${name}-${index} }
`,
  );
  return `apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  selector: { app: ${name} }
  ports:
    - name: grpc
      port: 50051
      targetPort: grpc
      appProtocol: grpc
${slices.join('')}`;
}
