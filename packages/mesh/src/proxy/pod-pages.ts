import type { AdminPage } from '../admin/admin-pages.js';
import { createAdminHandler } from '../admin/admin-pages.js';
import { type AdminServer, listenAdmin } from '../admin/admin-server.js';
import type { Clock } from '@weir/core';
import { type AppProbe, appProbePage } from './app-probe.js';
import { bindError } from './bind-error.js';
import type { ListenAddress } from './door.js';

/** What others may ask the pod: not the whole of the admin pages, which are for loopback. */
export interface PodPages {
  /** Where the kubelet asks for readiness and for the application's health; undefined for nowhere. */
  readonly status?: ListenAddress | undefined;
  /** Where Prometheus asks; undefined for nowhere. */
  readonly metrics?: ListenAddress | undefined;
  readonly appProbes?: readonly AppProbe[];
}

/**
 * Serves them.
 *
 * @param pages - the admin pages, of which those meant for others are taken
 * @throws when a port cannot be bound; nothing is left open then
 */
export async function listenPodPages(
  { status, metrics, appProbes = [] }: PodPages,
  pages: readonly AdminPage[],
  clock: Clock,
): Promise<readonly AdminServer[]> {
  const named = (path: string): readonly AdminPage[] => pages.filter((page) => page.path === path);
  const probes = appProbes.map((probe) => appProbePage(probe, clock));
  const wanted = [
    { option: '--status', address: status, own: [...named('/ready'), ...probes] },
    { option: '--metrics', address: metrics, own: named('/metrics') },
  ];
  const servers: AdminServer[] = [];
  for (const { option, address, own } of wanted) {
    if (address === undefined) continue;
    const { host, port } = address;
    try {
      servers.push(await listenAdmin(host, port, createAdminHandler('weir proxy', own)));
    } catch (error) {
      await Promise.all(servers.map((server) => server.close()));
      throw bindError(option, host, port, error);
    }
  }
  return servers;
}
