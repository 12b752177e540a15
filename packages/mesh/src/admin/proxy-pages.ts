import type { AdminPage } from './admin-pages.js';
import { jsonResponse, textResponse } from './admin-pages.js';
import { clustersPage } from './clusters-page.js';
import { configDumpPage } from './config-dump-page.js';
import { formatMetrics, type MetricsSources } from './metrics-page.js';
import { PROMETHEUS_CONTENT_TYPE } from './prometheus-text.js';

/** The admin pages of a proxy. */
export function proxyPages(sources: () => MetricsSources): readonly AdminPage[] {
  return [
    {
      path: '/ready',
      about: '200 when traffic is welcome, else 503 and why not',
      render() {
        const readiness = sources().proxy.readiness();
        return readiness === true ? textResponse(200, 'ready\n') : textResponse(503, `${readiness}\n`);
      },
    },
    {
      path: '/metrics',
      about: 'counters in Prometheus text format',
      render: () => ({ status: 200, contentType: PROMETHEUS_CONTENT_TYPE, body: formatMetrics(sources()) }),
    },
    {
      path: '/clusters',
      about: 'services and their endpoints as the balancer sees them, as JSON',
      render: () => jsonResponse(clustersPage(sources().proxy.clusters, sources().requests)),
    },
    {
      path: '/config_dump',
      about: 'the configuration received from the control plane, as JSON',
      render: async () => jsonResponse(await configDumpPage(sources().proxy.config)),
    },
  ];
}
