import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';

const program = createRequire(import.meta.url).resolve('weir-example-greeter/dist/server.js');

export interface GreeterServers {
  /** `127.0.0.1:port` of each. */
  readonly addresses: readonly string[];
  stop(): void;
}

/** Starts the greeter's server under each of these names, on free ports. */
export async function startGreeters(names: readonly string[]): Promise<GreeterServers> {
  const children: ChildProcess[] = [];
  const addresses = await Promise.all(
    names.map((name) => {
      const child = spawn(process.execPath, [program], {
        env: { ...process.env, BIND_ADDRESS: '127.0.0.1', PORT: '0', POD_NAME: name },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      children.push(child);
      return firstAddress(child);
    }),
  );
  return { addresses, stop: () => children.forEach((child) => child.kill()) };
}

/** What a program says that it listens on. */
export function firstAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`it ended with code ${code} before it listened`)));
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const address = /listening on (\S+)$/.exec(line)?.[1];
      if (address !== undefined) resolve(address);
    });
  });
}
