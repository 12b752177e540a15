import { connect } from 'node:net';
import type { Clock } from '@weir/core';
import { type AdminPage, textResponse } from '../admin/admin-pages.js';
import { socketErrorText } from '../transport/socket-error.js';

/** A probe of the kubelet's that this proxy carries out, since a captured connection says nothing of the application. */
export interface AppProbe {
  /** Where the kubelet asks. */
  readonly path: string;
  /** The application's port. */
  readonly port: number;
}

/** The kubelet's own default for a probe (`timeoutSeconds`). */
const TIMEOUT_MS = 1_000;

/** A page that says 200 when the application accepts connections on a port, else 503 and why not. */
export function appProbePage({ path, port }: AppProbe, clock: Clock): AdminPage {
  return {
    path,
    about: `whether the application accepts connections on port ${port}`,
    async render() {
      const reason = await refusal(port, clock);
      return reason === undefined
        ? textResponse(200, 'open\n')
        : textResponse(503, `port ${port} of the application: ${reason}\n`);
    },
  };
}

/** Why a local port takes no connection; `undefined` when it does. */
function refusal(port: number, clock: Clock): Promise<string | undefined> {
  return new Promise((resolve) => {
    const finish = (reason: string | undefined): void => {
      timer.cancel();
      socket.destroy();
      resolve(reason);
    };
    const socket = connect({ host: 'localhost', port });
    const timer = clock.setTimer(TIMEOUT_MS, () => finish(`no connection within ${TIMEOUT_MS / 1000} s`));
    socket.on('connect', () => finish(undefined));
    socket.on('error', (error) => finish(socketErrorText(error)));
  });
}
