import type { AdminPage } from './admin-pages.js';
import { jsonResponse, textResponse } from './admin-pages.js';
import { clustersPage } from './clusters-page.js';
import { configDumpPage } from './config-dump-page.js';
import { formatMetrics, type MetricsSources } from './metrics-page.js';
import { PROMETHEUS_CONTENT_TYPE } from './prometheus-text.js';

/** The admin pages of a proxy. */
export function proxyPages(sources: () => MetricsSources | Promise<MetricsSources>): readonly AdminPage[] {
  return [
    {
      path: '/ready',
      about: '200 when traffic is welcome, else 503 and why not',
      async render() {
        const readiness = (await sources()).proxy.readiness();
        return readiness === true ? textResponse(200, 'ready\n') : textResponse(503, `${readiness}\n`);
      },
    },
    {
      path: '/metrics',
      about: 'counters in Prometheus text format',
      async render() {
        return { status: 200, contentType: PROMETHEUS_CONTENT_TYPE, body: formatMetrics(await sources()) };
      },
    },
    {
      path: '/clusters',
      about: 'services and their endpoints as the balancer sees them, as JSON',
      async render() {
        const { proxy, counts } = await sources();
        return jsonResponse(clustersPage(proxy.clusters, counts));
      },
    },
    {
      path: '/config_dump',
      about: 'the configuration received from the control plane, as JSON',
      render: async () => jsonResponse(await configDumpPage((await sources()).proxy.config)),
    },
  ];
}
