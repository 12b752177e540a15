import {
  CAPTURE,
  EXCLUDE_INBOUND_PORTS,
  EXCLUDE_OUTBOUND_CIDRS,
  EXCLUDE_OUTBOUND_PORTS,
  INJECTION,
  LISTEN,
  POD_ANNOTATIONS,
  PROXY_CPU,
  PROXY_MEMORY,
} from './annotations.js';
import type { PodMetadata } from './pod.js';

export const CAPTURE_MODES = ['iptables', 'proxy-env', 'explicit'] as const;

/** How traffic reaches the sidecar. */
export type CaptureMode = (typeof CAPTURE_MODES)[number];

/** What the annotations of one pod say, read and checked. */
export interface PodSettings {
  readonly capture: CaptureMode;
  readonly listen: readonly string[];
  readonly excludeOutboundPorts: readonly number[];
  readonly excludeOutboundCidrs: readonly string[];
  readonly excludeInboundPorts: readonly number[];
  readonly cpu: string | undefined;
  readonly memory: string | undefined;
}

const QUANTITY = /^\d+(\.\d+)?(m|k|Ki|M|Mi|G|Gi)?$/;
const LISTEN_RULE = /^[^\s=,]+:\d+=[^\s=,]+:\d+$/;

/**
 * Reads the annotations of a pod.
 *
 * @returns the settings, or one sentence per mistake
 */
export function readPodSettings(metadata: PodMetadata): PodSettings | readonly string[] {
  const annotations = metadata.annotations ?? {};
  const mistakes: string[] = [];
  const list = (name: string): readonly string[] =>
    (annotations[name] ?? '')
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  const checked = (name: string, isValid: (part: string) => boolean, wanted: string): readonly string[] => {
    const parts = list(name);
    for (const part of parts) {
      if (!isValid(part)) mistakes.push(`${name}: '${part}' is not ${wanted}`);
    }
    return parts;
  };
  const ports = (name: string): readonly number[] =>
    checked(name, isPort, 'a port from 1 to 65535').map(Number);
  const quantity = (name: string, example: string): string | undefined => {
    const text = annotations[name];
    if (text !== undefined && !QUANTITY.test(text))
      mistakes.push(`${name}: '${text}' is not a quantity such as ${example}`);
    return text;
  };

  const capture = annotations[CAPTURE] ?? 'iptables';
  if (!isCaptureMode(capture)) {
    mistakes.push(`${CAPTURE}: '${capture}' is none of ${CAPTURE_MODES.join(', ')}`);
  }
  const settings = {
    capture: isCaptureMode(capture) ? capture : 'iptables',
    listen: checked(LISTEN, (part) => LISTEN_RULE.test(part), 'SERVICE:PORT=HOST:PORT'),
    excludeOutboundPorts: ports(EXCLUDE_OUTBOUND_PORTS),
    excludeOutboundCidrs: checked(EXCLUDE_OUTBOUND_CIDRS, isCidr, 'a network such as 10.0.0.0/8 or fd00::/8'),
    excludeInboundPorts: ports(EXCLUDE_INBOUND_PORTS),
    cpu: quantity(PROXY_CPU, '100m'),
    memory: quantity(PROXY_MEMORY, '128Mi'),
  } satisfies PodSettings;
  if (settings.capture === 'explicit' && settings.listen.length === 0) {
    mistakes.push(
      `${LISTEN} is missing: with ${CAPTURE}: explicit it says which local port stands for which service`,
    );
  }
  if (settings.capture !== 'explicit' && settings.listen.length > 0) {
    mistakes.push(`${LISTEN} has no effect without ${CAPTURE}: explicit`);
  }
  for (const name of Object.keys(annotations)) {
    if (name.startsWith('weir.dev/') && !POD_ANNOTATIONS.includes(name)) {
      mistakes.push(`${name} is no annotation of Weir's; there are ${POD_ANNOTATIONS.join(', ')}`);
    }
  }
  return mistakes.length > 0 ? mistakes : settings;
}

/** What label or annotation of a pod say about injection; the label counts when both do. */
export function podOverride(metadata: PodMetadata): string | undefined {
  return metadata.labels?.[INJECTION] ?? metadata.annotations?.[INJECTION];
}

function isCaptureMode(text: string): text is CaptureMode {
  return (CAPTURE_MODES as readonly string[]).includes(text);
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;
}

/** Whether it can be handed to iptables or ip6tables as a network. */
export function isCidr(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  if (bits === undefined || rest.length > 0 || !/^\d{1,3}$/.test(bits)) return false;
  if (address.includes(':')) return /^[0-9a-fA-F:]{2,39}$/.test(address) && Number(bits) <= 128;
  const octets = address.split('.');
  return (
    octets.length === 4 &&
    octets.every((octet) => /^\d{1,3}$/.test(octet) && Number(octet) <= 255) &&
    Number(bits) <= 32
  );
}
