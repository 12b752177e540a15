import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, start } from './children.mjs';
import { untilAccepting } from './probe.mjs';

/** The path of the call; nghttpd answers it with the file of that name. */
export const pathOf = (bytes) => `/bench.Bench/Down${bytes}`;

/**
 * Starts `count` endpoints, each a nghttpd with one worker that answers with a body and the trailer
 * `grpc-status: 0`.
 *
 * @param sizes - lengths in bytes of the bodies that can be asked for
 * @returns the ports
 */
export async function startEndpoints(count, sizes, directory) {
  const root = join(directory, 'htdocs');
  await mkdir(join(root, 'bench.Bench'), { recursive: true });
  for (const bytes of sizes) await writeFile(join(root, pathOf(bytes)), Buffer.alloc(bytes, 'weir'));
  const ports = [];
  for (let index = 0; index < count; index++) {
    const port = await freePort();
    // Windows of 1 MiB and 16 MiB: the endpoint is not to be what an upload waits for.
    const options = ['--no-tls', '-a', '127.0.0.1', '-d', root, '-m', '1024', '-w', '20', '-W', '24'];
    const child = start('nghttpd', [...options, '--trailer', 'grpc-status: 0', String(port)]);
    await untilAccepting(port, child, 'nghttpd');
    ports.push(port);
  }
  return ports;
}
