import { type Command, InvalidArgumentError, Option } from 'commander';
import { loadOriginalDestination } from '../capture/original-destination.js';
import { PORTS } from '../inject/settings.js';
import type { AppProbe } from '../proxy/app-probe.js';
import type { CaptureOptions } from '../proxy/capture-doors.js';
import { type HostPort, parseHostPort } from './parse-address.js';

/** What `weir proxy` is told where it runs in a pod. */
export interface PodCommandOptions {
  readonly capture: boolean;
  readonly status: HostPort | undefined;
  readonly metrics: HostPort | undefined;
  readonly appProbe: readonly AppProbe[];
}

/** Adds the options that the injector sets. */
export function addPodOptions(command: Command): Command {
  return command
    .option(
      '--capture',
      `takes the connections that weir capture-init redirects: outgoing on ${PORTS.outbound}, incoming on ${PORTS.inbound}`,
      false,
    )
    .option('--status <host:port>', 'serves /ready to the kubelet (host * for every address)', parseHostPort)
    .option(
      '--metrics <host:port>',
      'serves /metrics to Prometheus (host * for every address)',
      parseHostPort,
    )
    .addOption(
      new Option(
        '--app-probe <path=port>',
        'with --status: answers at that path whether the application accepts connections on the port; may be repeated',
      )
        .argParser(collectAppProbe)
        .default(NO_PROBES, 'none'),
    );
}

/** What the kernel is asked for captured connections, if they are to be taken. */
export async function captureOptions({ capture }: PodCommandOptions): Promise<CaptureOptions | undefined> {
  if (!capture) return undefined;
  const readOriginalDestination = await loadOriginalDestination();
  return { outboundPort: PORTS.outbound, inboundPort: PORTS.inbound, readOriginalDestination };
}

const NO_PROBES: readonly AppProbe[] = [];

function collectAppProbe(text: string, before: readonly AppProbe[]): readonly AppProbe[] {
  const [, path = '', digits = ''] = /^(\/[^\s=]*)=(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (path === '' || port < 1 || port > 65_535) {
    throw new InvalidArgumentError(
      `'${text}' is not /PATH=PORT, such as /app-health/app/livenessProbe=8080.`,
    );
  }
  return [...before, { path, port }];
}
