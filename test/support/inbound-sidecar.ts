import { startProxy, type WeirProcess } from './weir-process.js';

/** An address where no control plane is: inbound traffic must not need one. */
const NOBODY = '127.0.0.1:9';

/** The sidecar of a callee: a `weir proxy` with a door to the application at `address`. The caller kills it. */
export class InboundSidecar {
  readonly weir: WeirProcess;
  /** Where callers come in. */
  readonly address: string;

  constructor(weir: WeirProcess, application: string) {
    this.weir = weir;
    this.address = weir.inbound(application);
  }

  async kill(): Promise<void> {
    await this.weir.process.kill();
  }
}

export async function startInboundSidecar(
  application: string,
  ...args: readonly string[]
): Promise<InboundSidecar> {
  const weir = await startProxy(NOBODY, '--inbound', `127.0.0.1:0=${application}`, ...args);
  return new InboundSidecar(weir, application);
}
