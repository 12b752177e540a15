import { nearest } from '../../kube/manifest/near-miss.js';
import { EXPLAIN_PATH, type ExplainAnswer } from '../../proxy/explain/explain-page.js';
import type { ExplainReport } from '../../proxy/explain/report.js';
import { httpGet, type HttpAnswer } from '../http-get.js';
import { formatHostPort, type HostPort } from '../parse-address.js';
import type { Headers } from './parse-request.js';

/** What a running proxy is asked about. */
export interface Question {
  readonly to: HostPort;
  /** `/package.Service/Method`. */
  readonly method: string;
  readonly headers: Headers;
  /** The default of its control plane. */
  readonly balancer: string;
}

/** The proxy cannot be asked. The message says what to do. */
export class ProxyUnreachableError extends Error {
  override readonly name = 'ProxyUnreachableError';
}

/**
 * Asks the admin port of a running proxy where a call would go now.
 *
 * @throws ProxyUnreachableError when nothing listens there, or something else than a proxy
 */
export async function askProxy(admin: HostPort, question: Question): Promise<ExplainReport> {
  const address = formatHostPort(admin);
  const { report, ports, names } = readAnswer(address, await get(address, question));
  const isUnknown = !report.routed && report.virtualHost === undefined;
  return isUnknown ? { ...report, reason: describeUnknownHere(question.to, ports, names) } : report;
}

async function get(address: string, { to, method, headers, balancer }: Question): Promise<HttpAnswer> {
  const query = new URLSearchParams({ to: formatHostPort(to), method, balancer });
  for (const [name, value] of Object.entries(headers)) query.append('header', `${name}=${value}`);
  try {
    return await httpGet(`http://${address}${EXPLAIN_PATH}?${query.toString()}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const refused = error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
    throw new ProxyUnreachableError(
      refused
        ? `nothing listens on ${address}: start \`weir proxy\` or \`weir run\`, or name the address of its --admin`
        : `the proxy at ${address} cannot be asked: ${reason}; --proxy takes the address of its --admin`,
      { cause: error },
    );
  }
}

/** @throws ProxyUnreachableError when it is not the answer of a proxy */
function readAnswer(address: string, { status, body }: HttpAnswer): ExplainAnswer {
  const answer = status === 200 ? parseJson(body) : undefined;
  if (typeof answer === 'object' && answer !== null && 'report' in answer && 'names' in answer) {
    return answer as ExplainAnswer;
  }
  throw new ProxyUnreachableError(
    `what answers on ${address} (HTTP status ${status}) is no proxy of Weir that can explain; --proxy takes the ` +
      'address of the --admin of `weir proxy` or `weir run`, of this version',
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Why nobody answers for a host and port in a proxy that has routes for `names` on it, and what to do. */
export function describeUnknownHere(
  { host, port }: HostPort,
  ports: readonly number[],
  names: readonly string[],
): string {
  if (!ports.includes(port)) {
    const known = ports.length === 0 ? 'it has none yet' : `it has ${ports.join(', ')}`;
    return `the proxy has no routes for port ${port} (${known}), so connections to it pass through`;
  }
  const meant = nearest(host.toLowerCase(), names);
  const hint =
    meant === undefined
      ? 'see /status of its control plane for the services there are, and their exportTo'
      : `did you mean ${JSON.stringify(meant)}?`;
  return `no service has the name ${JSON.stringify(host)} on port ${port} for this proxy; ${hint}`;
}
