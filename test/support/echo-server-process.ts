import { fileURLToPath } from 'node:url';
import { NodeProcess } from './node-process.js';

const program = fileURLToPath(new URL('./echo-server-main.js', import.meta.url));

export interface EchoServerProcess {
  readonly name: string;
  readonly address: string;
  readonly process: NodeProcess;
}

/** Starts an echo server that can be killed. The caller kills it. */
export async function spawnEchoServer(name: string, port = 0): Promise<EchoServerProcess> {
  const child = new NodeProcess([program, name, String(port)]);
  const { address } = await child.firstLine();
  return { name, address: String(address), process: child };
}
