import { formatFraction } from '../fraction.js';
import type { FaultPolicy } from '../resilience/fault.js';
import type { HedgingPolicy } from '../resilience/hedging.js';
import type { LocalRateLimitPolicy } from '../resilience/local-rate-limit.js';
import { formatRetryOn } from '../resilience/retry-on.js';
import type { RetryPolicy } from '../resilience/retry-policy.js';
import type { ForwardAction, Mirror, WeightedCluster } from './actions.js';
import type { RouteDescription, SettingName, VirtualHostDescription } from './description.js';
import type { ExplainedSetting } from './explanation.js';
import type { HashPolicy } from './hash-policy.js';
import type { HeaderOperation } from './header-operations.js';
import type { HostRewrite, PathRewrite } from './rewrite.js';
import type { Overrides } from './overrides.js';

/** What a route does to its calls, level by level as `compileRoute` puts it together. */
export function explainSettings(
  route: RouteDescription,
  virtualHost: VirtualHostDescription,
): readonly ExplainedSetting[] {
  const clusters = route.action.kind === 'forward' ? route.action.clusters : [];
  return [
    ...(route.action.kind === 'forward' ? explainAction(route.action, route, virtualHost) : []),
    ...explainOverrides(route, virtualHost, clusters),
  ];
}

type Value = string | undefined;

function explainAction(
  action: ForwardAction,
  route: RouteDescription,
  virtualHost: VirtualHostDescription,
): ExplainedSetting[] {
  const settings: ExplainedSetting[] = [];
  const ofRoute = (name: SettingName, value: Value): void => {
    if (value !== undefined) settings.push(fromRoute(name, value, route));
  };
  const orOfHost = <T>(
    name: SettingName,
    own: T | undefined,
    general: T | undefined,
    inWords: (policy: T) => string,
  ): void => {
    if (own !== undefined) settings.push(fromRoute(name, inWords(own), route));
    else if (general !== undefined) settings.push(fromVirtualHost(name, inWords(general), virtualHost));
  };
  ofRoute('timeout', formatLength(action.timeoutMs));
  ofRoute('max-grpc-timeout', formatLength(action.maxGrpcTimeoutMs));
  ofRoute('max-stream-duration', formatLength(action.maxStreamDurationMs));
  ofRoute('idle-timeout', formatLength(action.idleTimeoutMs));
  orOfHost('retry', action.retry, virtualHost.retry, formatRetry);
  orOfHost('hedging', action.hedging, virtualHost.hedging, formatHedging);
  for (const mirror of action.mirrors ?? []) ofRoute('mirror', formatMirror(mirror));
  ofRoute('path-rewrite', formatPathRewrite(action.pathRewrite));
  ofRoute('host-rewrite', formatHostRewrite(action.hostRewrite));
  for (const policy of action.hash ?? []) ofRoute('hash', formatHash(policy));
  for (const cluster of action.clusters) {
    const rewritten = formatHostRewrite(cluster.hostRewrite);
    if (rewritten !== undefined) settings.push(fromCluster('host-rewrite', rewritten, cluster, route));
  }
  return settings;
}

function explainOverrides(
  route: RouteDescription,
  virtualHost: VirtualHostDescription,
  clusters: readonly WeightedCluster[],
): ExplainedSetting[] {
  const settings: ExplainedSetting[] = [];
  const mostSpecific = (name: SettingName, inWords: (level: Overrides) => Value): void => {
    for (const cluster of clusters) {
      const value = inWords(cluster);
      if (value !== undefined) settings.push(fromCluster(name, value, cluster, route));
    }
    const general = clusters.length > 0 && clusters.every((cluster) => inWords(cluster) !== undefined);
    const own = inWords(route);
    const host = inWords(virtualHost);
    if (general) return;
    if (own !== undefined) settings.push(fromRoute(name, own, route));
    else if (host !== undefined) settings.push(fromVirtualHost(name, host, virtualHost));
  };
  const allLevels = (name: SettingName, inWords: (level: Overrides) => Value): void => {
    for (const cluster of clusters) {
      const value = inWords(cluster);
      if (value !== undefined) settings.push(fromCluster(name, value, cluster, route));
    }
    const own = inWords(route);
    const host = inWords(virtualHost);
    if (own !== undefined) settings.push(fromRoute(name, own, route));
    if (host !== undefined) settings.push(fromVirtualHost(name, host, virtualHost));
  };
  mostSpecific('fault', ({ fault }) => fault && formatFault(fault));
  mostSpecific('rate-limit', ({ rateLimit }) => rateLimit && formatRateLimit(rateLimit));
  allLevels('request-headers', ({ requestHeaders }) => formatOperations(requestHeaders));
  allLevels('response-headers', ({ responseHeaders }) => formatOperations(responseHeaders));
  return settings;
}

function fromRoute(name: SettingName, value: string, route: RouteDescription): ExplainedSetting {
  const source = route.settingSources?.[name] ?? route.source;
  return { name, value, from: 'route', cluster: undefined, source };
}

function fromVirtualHost(
  name: SettingName,
  value: string,
  { source }: VirtualHostDescription,
): ExplainedSetting {
  return { name, value, from: 'virtual host', cluster: undefined, source };
}

function fromCluster(
  name: SettingName,
  value: string,
  { cluster, source }: WeightedCluster,
  route: RouteDescription,
): ExplainedSetting {
  return { name, value, from: 'cluster', cluster, source: source ?? route.source };
}

function formatLength(lengthMs = 0): Value {
  return lengthMs === 0 ? undefined : `${lengthMs} ms`;
}

function formatRetry(policy: RetryPolicy): string {
  const { maxRetries, perTryTimeoutMs, on, backoff } = policy;
  if (maxRetries === 0) return 'none';
  const each = perTryTimeoutMs === 0 ? '' : `, ${perTryTimeoutMs} ms each`;
  const attempts = maxRetries === 1 ? '1 more attempt' : `${maxRetries} more attempts`;
  return `up to ${attempts}${each} on ${formatRetryOn(on)}, pauses up to ${backoff.capMs} ms`;
}

function formatHedging({ maxAttempts, delayMs }: HedgingPolicy): string {
  return `up to ${maxAttempts} attempts at once, ${delayMs} ms apart`;
}

function formatMirror({ cluster, fraction }: Mirror): string {
  return `${formatFraction(fraction)} to ${cluster}`;
}

function formatPathRewrite(rewrite: PathRewrite | undefined): Value {
  if (rewrite === undefined) return undefined;
  return rewrite.kind === 'prefix'
    ? `what matched becomes ${rewrite.value}`
    : `${rewrite.pattern.source} becomes ${rewrite.substitution}`;
}

function formatHostRewrite(rewrite: HostRewrite | undefined): Value {
  switch (rewrite?.kind) {
    case undefined:
      return undefined;
    case 'literal':
      return rewrite.value;
    case 'header':
      return `the value of header ${rewrite.name}`;
    case 'path-regex':
      return `the path, ${rewrite.pattern.source} becoming ${rewrite.substitution}`;
  }
}

function formatHash(policy: HashPolicy): string {
  return policy.kind === 'source-ip' ? 'source address' : `${policy.kind} ${policy.name}`;
}

function formatFault({ delay, abort }: FaultPolicy): string {
  const delayed = delay && `${formatFraction(delay.fraction)} delayed by ${delay.delayMs} ms`;
  const aborted =
    abort &&
    `${formatFraction(abort.fraction)} aborted with ` +
      (abort.status.kind === 'grpc'
        ? `gRPC status ${abort.status.code}`
        : `HTTP status ${abort.status.status}`);
  return [delayed, aborted].filter((part) => part !== undefined).join(', ');
}

function formatRateLimit({ maxTokens, tokensPerFill, fillIntervalMs }: LocalRateLimitPolicy): string {
  return `${tokensPerFill} requests each ${fillIntervalMs} ms, ${maxTokens} at once`;
}

function formatOperations(operations: readonly HeaderOperation[] = []): Value {
  return operations.length === 0
    ? undefined
    : operations.map(({ kind, name }) => `${kind} ${name}`).join(', ');
}
