import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_LOAD_SETTINGS, LOAD_AUDIENCES, type LoadAudience } from '../proxy/inbound/load-settings.js';
import { type ProxyOptions, type RunningProxy, startProxy } from '../proxy/start-proxy.js';
import { backgroundClock, systemClock } from '../system/clock.js';
import { type CpuSource, followCpu } from '../system/cpu-utilization.js';
import type { Logger } from '../system/logger.js';
import { systemRandom } from '../system/random.js';
import type { Locality } from '../xds/generated/envoy.config.core.v3.js';
import { bindingOption } from './binding-option.js';
import {
  formatHostPort,
  type HostPort,
  type InboundRule,
  type ListenRule,
  parseInbound,
  parseListen,
} from './parse-address.js';
import { parseCpuSource } from './parse-cpu-source.js';
import { parseDurationMs } from './parse-duration.js';
import { collectLabel, type Labels, NO_LABELS, parseLocality } from './parse-node.js';
import { collectLimit, type Limits, NO_LIMITS } from './parse-limit.js';

export const DEFAULT_DRAIN_MS = 30_000;

/** What `weir proxy` and `weir run` are told about the proxy. */
export interface ProxyCommandOptions {
  readonly namespace: string;
  readonly label: Labels;
  readonly locality: Locality | undefined;
  readonly nodeId: string | undefined;
  readonly listen: readonly ListenRule[];
  readonly inbound: readonly InboundRule[];
  readonly outbound: HostPort;
  readonly admin: HostPort;
  readonly drainTime: number | undefined;
  readonly limit: Limits;
  readonly concurrency: number;
  readonly load: LoadAudience;
  readonly loadCpu: CpuSource;
}

/** Adds the options of the proxy to a command. */
export function addProxyOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--listen <service:port=host:port>',
        'a local port that stands for one port of a service, such as greeter:50051=127.0.0.1:50051; may be repeated',
      )
        .argParser(collectListen)
        .default(NO_RULES, 'none'),
    )
    .addOption(
      new Option(
        '--inbound <host:port=apphost:appport>',
        'where callers of the application come in, and where it listens, such as 0.0.0.0:15006=127.0.0.1:50051; may be repeated',
      )
        .argParser(collectInbound)
        .default(NO_INBOUND, 'none'),
    )
    .addOption(
      bindingOption(
        '--outbound <host:port>',
        'takes HTTP CONNECT, as gRPC clients with grpc_proxy do',
        15001,
      ),
    )
    .addOption(
      bindingOption('--admin <host:port>', 'serves /ready, /metrics, /clusters and /config_dump', 15000),
    )
    .option('--namespace <name>', 'the namespace in which short service names are looked up', 'default')
    .addOption(
      new Option('--label <key=value>', 'a label of the pod, which rules may ask for; may be repeated')
        .argParser(collectLabel)
        .default(NO_LABELS, 'none'),
    )
    .option('--locality <region/zone/subzone>', 'where the proxy runs (default: unknown)', parseLocality)
    .option('--node-id <id>', 'the name under which the control plane knows this proxy')
    .option(
      '--drain-time <duration>',
      'how long streams may go on after SIGTERM (default: 30s)',
      parseDurationMs,
    )
    .option(
      '--concurrency <number>',
      'processes that relay, each on a core of its own; a connection goes to the one with the fewest',
      parseConcurrency,
      1,
    )
    .addOption(
      new Option(
        '--load <audience>',
        'who is told how busy the application behind --inbound is: none, whoever asks, or all callers of gRPC',
      )
        .choices(LOAD_AUDIENCES)
        .default(DEFAULT_LOAD_SETTINGS.audience),
    )
    .addOption(
      new Option(
        '--load-cpu <source>',
        'whose use of the processor is told with it: none, cgroup, cgroup:DIR or pid:NUMBER',
      )
        .argParser(parseCpuSource)
        .default(DEFAULT_LOAD_SETTINGS.cpu, 'none'),
    )
    .addOption(
      new Option(
        '--limit <name=value>',
        'sets a limit of the HTTP/2 connections or of the relay (docs/reference/limits.md); may be repeated',
      )
        .argParser(collectLimit)
        .default(NO_LIMITS, 'none'),
    );
}

/** Starts the proxy that the options describe, against a control plane at `xds`. */
export function startProxyFrom(
  options: ProxyCommandOptions,
  xds: HostPort,
  logger: Logger,
  ofPod: Pick<ProxyOptions, 'capture' | 'pod'> = {},
): Promise<RunningProxy> {
  const { namespace, label, locality, listen, outbound, admin } = options;
  const id =
    options.nodeId ?? `sidecar~127.0.0.1~weir-${process.pid}.${namespace}~${namespace}.svc.cluster.local`;
  return startProxy({
    xds,
    node: {
      id,
      metadata: { NAMESPACE: namespace, CLUSTER_DOMAIN: 'cluster.local', LABELS: label },
      locality,
    },
    listeners: listen.map((rule) => ({
      destination: { host: rule.service, port: rule.servicePort },
      address: rule.bind,
    })),
    inbound: options.inbound.map(({ bind, application }) => ({ address: bind, application })),
    // Captured connections come in at the same port.
    outbound: ofPod.capture === undefined ? outbound : undefined,
    admin,
    ...ofPod,
    ...options.limit,
    load: { audience: options.load, cpu: options.loadCpu },
    followCpu: (source) => followCpu(source, backgroundClock),
    concurrency: options.concurrency,
    workerModulePath: fileURLToPath(new URL('./proxy-worker.js', import.meta.url)),
    clock: systemClock,
    backgroundClock,
    random: systemRandom(),
    logger,
  });
}

/** The addresses bound, as `-o json` prints them. */
export interface ProxyAddresses {
  readonly outbound: string | undefined;
  readonly admin: string;
  readonly listeners: Readonly<Record<string, string>>;
  /** By address of the application. */
  readonly inbound: Readonly<Record<string, string>>;
}

export function proxyAddresses(options: ProxyCommandOptions, proxy: RunningProxy): ProxyAddresses {
  const listeners = options.listen.map(
    (rule, at) => [rule.authority, formatBound(proxy.listeners[at]!)] as const,
  );
  const inbound = options.inbound.map(
    ({ application }, at) => [formatHostPort(application), formatBound(proxy.inbound[at]!)] as const,
  );
  return {
    outbound: proxy.outbound && formatBound(proxy.outbound),
    admin: formatHostPort(proxy.admin),
    listeners: Object.fromEntries(listeners),
    inbound: Object.fromEntries(inbound),
  };
}

/** The same for people. */
export function printProxyAddresses({ outbound, admin, listeners, inbound }: ProxyAddresses): void {
  for (const [service, address] of Object.entries(listeners)) {
    process.stdout.write(`${service} is balanced on ${address}\n`);
  }
  for (const [application, address] of Object.entries(inbound)) {
    process.stdout.write(`callers of ${application} come in at ${address}\n`);
  }
  if (outbound !== undefined) {
    process.stdout.write(`any service by HTTP CONNECT: grpc_proxy=http://${outbound}\n`);
  }
  process.stdout.write(`admin: http://${admin}/\n`);
}

function formatBound({ address, port }: AddressInfo): string {
  return formatHostPort({ host: address, port });
}

const MAX_CONCURRENCY = 64;

function parseConcurrency(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > MAX_CONCURRENCY) {
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_CONCURRENCY}.`);
  }
  return count;
}

const NO_INBOUND: readonly InboundRule[] = [];

function collectInbound(text: string, before: readonly InboundRule[]): readonly InboundRule[] {
  const rule = parseInbound(text);
  const application = formatHostPort(rule.application);
  if (before.some((one) => formatHostPort(one.application) === application)) {
    throw new InvalidArgumentError(`${application} is there already.`);
  }
  return [...before, rule];
}

const NO_RULES: readonly ListenRule[] = [];

function collectListen(text: string, before: readonly ListenRule[]): readonly ListenRule[] {
  const rule = parseListen(text);
  if (before.some(({ authority }) => authority === rule.authority)) {
    throw new InvalidArgumentError(`${rule.authority} is there already.`);
  }
  return [...before, rule];
}
