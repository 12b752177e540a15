import { Metadata } from '@grpc/grpc-js';
import type { GreeterClient } from 'weir-example-greeter/dist/greeter.js';

const TIMEOUT_MS = 5000;
const CALLS = 300;
const AT_A_TIME = 10;
const CALLS_PER_BLOCK = 5;

/** Calls `SayHello` 300 times, ten at a time, and prints how often each pod answered. */
export async function greet(title: string, client: GreeterClient): Promise<void> {
  const counts = new Map<string, number>();
  const callInTurn = async (): Promise<void> => {
    for (let call = 0; call < CALLS / AT_A_TIME; call++) {
      const pod = await sayHello(client);
      counts.set(pod, (counts.get(pod) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, callInTurn));
  console.log(title);
  for (const [pod, count] of [...counts].sort()) {
    console.log(`  ${pod}  ${'█'.repeat(Math.ceil(count / CALLS_PER_BLOCK))} ${count}`);
  }
}

function sayHello(client: GreeterClient): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { deadline: Date.now() + TIMEOUT_MS };
    client.sayHello({ name: 'greeter' }, new Metadata(), options, (error, reply) => {
      if (error) reject(error);
      else resolve(/hostname:([^,]*)/.exec(reply?.message ?? '')?.[1] ?? '');
    });
  });
}
