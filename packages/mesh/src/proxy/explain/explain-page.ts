import { type AdminPage, jsonResponse, textResponse } from '../../admin/admin-pages.js';
import type { ProxyView } from '../../admin/proxy-view.js';
import type { ProxyConfig } from '../config/proxy-config.js';
import type { ExplainReport } from './report.js';

export const EXPLAIN_PATH = '/explain';

/** What `/explain` answers. */
export interface ExplainAnswer {
  readonly report: ExplainReport;
  /** The ports whose traffic is routed. */
  readonly ports: readonly number[];
  /** The names that somebody answers for on the port asked for, without it. */
  readonly names: readonly string[];
}

const USAGE =
  'Ask with to=<service:port> and method=</package.Service/Method>, and header=<name=value> for each header;\n' +
  '`weir explain --proxy` does.\n';

/**
 * Where a call through this proxy would go now, and why: by the configuration in force, with endpoints and limits
 * as they are.
 *
 * @param view of this process, and of the others that it has
 */
export function explainPage(config: ProxyConfig, view: () => Promise<ProxyView>): AdminPage {
  return {
    path: EXPLAIN_PATH,
    about: 'where a call would go and why, as JSON, for `weir explain --proxy`',
    async render(query) {
      const authority = query.get('to') ?? '';
      const path = query.get('method') ?? '';
      const port = Number(/:(\d+)$/.exec(authority)?.[1]);
      if (!(port > 0) || !path.startsWith('/')) return textResponse(400, USAGE);
      // Loaded when asked for: calls need none of it.
      const { explainRequest } = await import('./report.js');
      const headers = readHeaders(query);
      const clusters = new Map(Array.from((await view()).clusters, (cluster) => [cluster.name, cluster]));
      const request = {
        authority,
        path,
        method: 'POST',
        scheme: 'http',
        header: (name: string) => headers.get(name),
      };
      const explained = explainRequest(
        request,
        port,
        config,
        query.get('balancer') ?? '',
        () => `nobody answers for ${JSON.stringify(authority)} here`,
        (cluster) => clusters.get(cluster),
      );
      const report = { ...explained, errors: errorsOf(config) };
      const answer: ExplainAnswer = { report, ports: [...config.ports], names: namesOn(port, config) };
      return jsonResponse(answer);
    },
  };
}

function readHeaders(query: URLSearchParams): ReadonlyMap<string, string> {
  return new Map(
    query.getAll('header').map((text) => {
      const equals = text.indexOf('=');
      return [text.slice(0, equals).toLowerCase(), text.slice(equals + 1)];
    }),
  );
}

/** What of the last responses was refused, and what is still awaited. */
function errorsOf({ types, configured, reason }: ProxyConfig): readonly string[] {
  return [...types.flatMap(({ errors }) => errors), ...(configured ? [] : [reason])];
}

function namesOn(port: number, config: ProxyConfig): readonly string[] {
  const domains = config.route(port)?.virtualHosts.flatMap((host) => host.domains) ?? [];
  return [...new Set(domains.map((domain) => domain.replace(/:\d+$/, '')))];
}
