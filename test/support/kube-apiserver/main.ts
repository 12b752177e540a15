import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { KubeApiServer, type Manifest } from './kube-api-server.js';

const USAGE = `node test/dist/support/kube-apiserver/main.js [--host 127.0.0.1] [--port 0] [--kubeconfig FILE] [-f FILE]...

A small Kubernetes API server for tests. Prints its kubeconfig, or writes it to FILE, and serves until it is ended.
-f creates the objects of a YAML file first; - is standard input.`;

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
    kubeconfig: { type: 'string' },
    'service-prefix': { type: 'string', default: '10.96' },
    file: { type: 'string', short: 'f', multiple: true, default: [] },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
} else {
  const server = await KubeApiServer.start({
    host: values.host,
    port: Number(values.port),
    serviceCidrPrefix: values['service-prefix'],
  });
  for (const file of values.file) {
    for (const document of parseAllDocuments(readFileSync(file === '-' ? 0 : file, 'utf8')))
      await server.apply(document.toJS() as Manifest);
  }
  const kubeconfig = server.kubeconfig();
  if (values.kubeconfig === undefined) {
    process.stdout.write(kubeconfig);
  } else {
    // Only its owner may read a token.
    writeFileSync(values.kubeconfig, kubeconfig, { mode: 0o600 });
    console.log(JSON.stringify({ event: 'listening', url: server.url, kubeconfig: values.kubeconfig }));
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void server.stop().then(() => process.exit(0)));
}
