import type { Socket } from 'node:net';
import { decide } from '@weir/core';
import {
  acceptConnect,
  readConnectRequest,
  refuse,
  type ConnectRequest,
} from '../capture/connect-request.js';
import { sniff } from '../capture/sniff.js';
import type { Destination, OutboundDoor } from './door.js';
import { Router } from './relay/router.js';
import { TrafficSide } from './traffic-side.js';

/** How long a caller may take to say its first byte before the server is taken to speak first. */
const SILENCE_MS = 5_000;
/** How long a connection is held while the proxy has no configuration yet. */
const UNCONFIGURED_MS = 10_000;
const CONFIGURED_POLL_MS = 10;

const NO_BYTES = Buffer.alloc(0);

/** Takes the application's outgoing connections and hands each to what it turns out to be. */
export class Outbound extends TrafficSide {
  /** Takes over a new, paused connection that came in at `door`. */
  accept(socket: Socket, door: OutboundDoor): void {
    this.take(socket);
    if (door.kind === 'service') {
      this.#whenConfigured(socket, () => this.#sniffFor(socket, NO_BYTES, door.destination, true));
      return;
    }
    readConnectRequest(socket, this.context.clock, (request) => {
      this.#whenConfigured(socket, () => this.#onConnectRequest(socket, request));
    });
  }

  /** Holds a connection that came before the first configuration: an application may start before its proxy is ready. */
  #whenConfigured(socket: Socket, then: () => void): void {
    const { config, clock } = this.context;
    const deadlineMs = clock.nowMs() + UNCONFIGURED_MS;
    const check = (): void => {
      if (socket.destroyed) return;
      if (config.configured || clock.nowMs() >= deadlineMs) then();
      else clock.setTimer(CONFIGURED_POLL_MS, check);
    };
    check();
  }

  #onConnectRequest(socket: Socket, { host, port, early }: ConnectRequest): void {
    const destination = { host, port };
    if (this.context.config.knows(host, port)) {
      acceptConnect(socket);
      return this.#sniffFor(socket, early, destination, false);
    }
    // Not ours to balance: a tunnel to wherever it was going.
    const onOpen = (): void => acceptConnect(socket);
    this.passThrough(socket, early, destination, onOpen, (reason) => {
      const text = `weir: ${host}:${port} is no service of the mesh and cannot be reached: ${reason}\n`;
      refuse(socket, this.context.clock, '502 Bad Gateway', text);
    });
  }

  #sniffFor(socket: Socket, early: Buffer, destination: Destination, fixed: boolean): void {
    sniff(socket, early, this.context.clock, SILENCE_MS, (what, bytes) => {
      if (what !== 'http2') return this.#passToEndpoint(socket, bytes, destination);
      const { host, port } = destination;
      this.relay(socket, bytes, new Router(this.context, port, `${host}:${port}`, fixed));
    });
  }

  /** What is not HTTP/2 goes to one endpoint of the service, as kube-proxy would do it, or to the name itself. */
  #passToEndpoint(socket: Socket, bytes: Buffer, { host, port }: Destination): void {
    const { config, clock, random } = this.context;
    const table = config.route(port);
    const request = { authority: `${host}:${port}`, path: '/', method: 'CONNECT', header: () => undefined };
    const decision = table && decide(request, table, clock, random);
    const endpoint =
      decision?.kind === 'forward' ? config.cluster(decision.cluster)?.pick()?.endpoint : undefined;
    const nothing = (): void => {};
    this.passThrough(socket, bytes, endpoint ?? { host, port }, nothing, (reason) => {
      this.context.logger.warn('a connection that is not HTTP/2 could not be passed through', {
        service: `${host}:${port}`,
        reason,
      });
      socket.destroy();
    });
  }
}
