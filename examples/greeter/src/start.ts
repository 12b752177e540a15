// One server and one client on this machine, on free ports, until Ctrl-C.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const children: ChildProcess[] = [];

/** Runs one of the two programs and waits for the address that it listens on. */
function start(program: string, env: NodeJS.ProcessEnv): Promise<string> {
  const file = fileURLToPath(new URL(`./${program}.js`, import.meta.url));
  const child = spawn(process.execPath, [file], {
    env: { ...process.env, BIND_ADDRESS: '127.0.0.1', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the ${program} ended with code ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      console.log(line);
      const address = /listening on (\S+)$/.exec(line)?.[1];
      if (address !== undefined) resolve(address);
    });
  });
}

try {
  const server = await start('server', { POD_NAME: 'native-tools-2' });
  const client = await start('client', { GREETER_HOSTS: `native-tools-2:50051=${server}` });
  console.log(`\ntry  curl 'http://${client}/grpc_client?name=native-tools-2&version=v1'`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
  for (const child of children) child.kill();
}
// Ctrl-C reaches the whole process group; a SIGTERM only this process.
process.on('SIGTERM', () => {
  for (const child of children) child.kill();
});
process.on('SIGINT', () => {});
