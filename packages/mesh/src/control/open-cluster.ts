import type { Random } from '@weir/core';
import type { ClusterAccess } from '../kube/api/access/cluster-access.js';
import { ApiConnection } from '../kube/api/api-connection.js';
import { ClusterSource } from '../kube/api/follow/cluster-source.js';
import { Leadership } from '../kube/api/lease/leadership.js';
import { StatusWriter } from '../kube/api/status/status-writer.js';
import type { OpenSource, SourceOptions } from './open-source.js';

export interface ClusterOptions {
  readonly access: ClusterAccess;
  readonly random: Random;
  /** The one namespace that is read; default: all. */
  readonly namespace?: string | undefined;
  /** By what replicas agree on who writes status; default: this is the only one. */
  readonly lease?: LeaseName | undefined;
}

/** A Lease, and who this replica is in it. */
export interface LeaseName {
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
}

/** Lists and watches the objects of a cluster, and writes into the status of rules what becomes of them. */
export function openCluster(
  { access, random, namespace, lease }: ClusterOptions,
  { clock, logger, log, onChange }: SourceOptions,
): OpenSource {
  const connection = new ApiConnection(access);
  const statuses = new StatusWriter({ call: (call) => connection.call(call), clock, logger });
  const leadership =
    lease &&
    new Leadership({
      ...lease,
      call: (call) => connection.call(call),
      clock,
      logger,
      onChange: (leads) => statuses.setWriting(leads),
    });
  if (leadership !== undefined) statuses.setWriting(false);
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
      leadership?.start();
    },
    close: () => {
      source.close();
      statuses.close();
      void Promise.resolve(leadership?.stop()).then(() => connection.destroy());
    },
  };
}
