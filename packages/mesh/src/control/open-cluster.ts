import type { Random } from '@weir/core';
import type { ClusterAccess } from '../kube/api/access/cluster-access.js';
import { ApiConnection } from '../kube/api/api-connection.js';
import { ClusterSource } from '../kube/api/follow/cluster-source.js';
import { StatusWriter } from '../kube/api/status/status-writer.js';
import type { OpenSource, SourceOptions } from './open-source.js';

export interface ClusterOptions {
  readonly access: ClusterAccess;
  readonly random: Random;
  /** The one namespace that is read; default: all. */
  readonly namespace?: string | undefined;
}

/** Lists and watches the objects of a cluster, and writes into the status of rules what becomes of them. */
export function openCluster(
  { access, random, namespace }: ClusterOptions,
  { clock, logger, log, onChange }: SourceOptions,
): OpenSource {
  const connection = new ApiConnection(access);
  const statuses = new StatusWriter({ call: (call) => connection.call(call), clock, logger });
  const source = new ClusterSource({
    transport: connection,
    clock,
    random,
    namespace,
    onChange,
    onReport: (report) => log.report(report),
    onVerdict: (verdict) => statuses.put(verdict),
  });
  return {
    objects: source,
    api: connection,
    origin: { cluster: access.server.origin },
    start: async () => {
      logger.info('listing the objects of a cluster', {
        server: access.server.origin,
        as: access.description,
      });
      await source.start();
    },
    close: () => {
      source.close();
      statuses.close();
      connection.destroy();
    },
  };
}
