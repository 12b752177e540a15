import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A process of the bench that answers questions over IPC. */
export class Child {
  #process;
  #next = 0;
  #waiting = new Map();
  /** Its first message. */
  ready;

  constructor(module, args, execArgv = []) {
    this.#process = fork(fileURLToPath(new URL(module, import.meta.url)), args.map(String), { execArgv });
    this.ready = once(this.#process, 'message').then(([message]) => {
      this.#process.on('message', ({ id, ...answer }) => {
        this.#waiting.get(id)?.(answer);
        this.#waiting.delete(id);
      });
      return message;
    });
  }

  ask(order) {
    const id = (this.#next += 1);
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#process.send({ ...order, id });
    });
  }

  async kill() {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill('SIGKILL');
    await once(this.#process, 'exit');
  }
}
