import { Socket } from 'node:net';
import type { Clock, Random } from '@weir/core';
import { readProcess } from '../../admin/process-metrics.js';
import { takeReport } from '../../admin/worker-report.js';
import type { Logger } from '../../system/logger.js';
import { createDataPlane, type DataPlane } from '../data-plane.js';
import type { FollowCpu } from '../start-proxy.js';
import type { FromWorker, ToWorker } from './messages.js';

export interface WorkerOptions {
  readonly clock: Clock;
  readonly backgroundClock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly followCpu: FollowCpu;
  /** Sends to the first process. */
  readonly send: (message: FromWorker) => void;
  /** Ends this process: the work is done. */
  readonly onDone: () => void;
}

/**
 * The part of a proxy that runs in a worker: relays the connections it is handed, with the configuration
 * that the first process passes on.
 *
 * @returns what is to be called with each message of the first process
 */
export function serveWorker(options: WorkerOptions): (message: ToWorker, socket: unknown) => void {
  const { clock, backgroundClock, random, logger, followCpu, send, onDone } = options;
  let plane: DataPlane | undefined;
  return (message, socket) => {
    switch (message.kind) {
      case 'start':
        plane = createDataPlane({
          ...message.settings,
          load: message.settings.load.audience,
          cpuUtilization: followCpu(message.settings.load.cpu),
          clock,
          backgroundClock,
          random,
          // The first process says the same about the same configuration.
          logger: { ...logger, warn: logger.debug, info: logger.debug },
          controlPlane: 'the first process',
          onSubscriptions: () => {},
        });
        return;
      case 'config':
        plane?.config.apply(message.typeUrl, message.version, message.resources);
        return;
      case 'portion':
        plane?.takePortion(message.portion);
        return;
      case 'connection':
        if (!(socket instanceof Socket) || socket.destroyed)
          return send({ kind: 'closed', door: message.door.kind });
        socket.allowHalfOpen = true;
        socket.once('close', () => send({ kind: 'closed', door: message.door.kind }));
        plane?.accept(socket, message.door);
        return;
      case 'report':
        if (plane === undefined) return;
        send({
          kind: 'report',
          report: takeReport({
            counts: plane.readCounts(),
            clusters: plane.clusters,
            process: readProcess(),
          }),
        });
        return;
      case 'close':
        void plane?.close(message.drainMs).then(onDone);
    }
  };
}
