/** What `weir capture-init` is told. */
export interface CaptureRules {
  /** The sidecar's user: its own traffic goes where it wants to. */
  readonly proxyUid: number;
  readonly outboundPort: number;
  readonly inboundPort: number;
  readonly excludeOutboundPorts: readonly number[];
  /** Of both families; each goes into the table of its own. */
  readonly excludeOutboundCidrs: readonly string[];
  /** The sidecar's own ports are to be among them. */
  readonly excludeInboundPorts: readonly number[];
}

export type IpFamily = 'ipv4' | 'ipv6';

const CHAIN_OUTBOUND = 'WEIR_OUTBOUND';
const CHAIN_INBOUND = 'WEIR_INBOUND';

/**
 * The rules as the input of `iptables-restore --noflush` (or `ip6tables-restore`): one transaction, so that no
 * connection is caught half way; chains named there are emptied first, so that doing it again changes nothing.
 *
 * Outbound: TCP that the pod itself begins goes to the sidecar, except what the sidecar begins (by user), what
 * stays on loopback, and what is excluded. Inbound: TCP that arrives from outside goes to the sidecar, except
 * what is excluded. The jumps into the chains are added by `jumps`, after the ones of before are removed.
 */
export function formatCaptureRules(rules: CaptureRules, family: IpFamily): string {
  const own = rules.excludeOutboundCidrs.filter((cidr) => familyOf(cidr) === family);
  return [
    '*nat',
    `:${CHAIN_OUTBOUND} - [0:0]`,
    `:${CHAIN_INBOUND} - [0:0]`,
    `-A ${CHAIN_OUTBOUND} -m owner --uid-owner ${rules.proxyUid} -j RETURN`,
    `-A ${CHAIN_OUTBOUND} -m owner --gid-owner ${rules.proxyUid} -j RETURN`,
    `-A ${CHAIN_OUTBOUND} -o lo -j RETURN`,
    `-A ${CHAIN_OUTBOUND} -d ${family === 'ipv4' ? '127.0.0.0/8' : '::1/128'} -j RETURN`,
    ...rules.excludeOutboundPorts.map((port) => `-A ${CHAIN_OUTBOUND} -p tcp --dport ${port} -j RETURN`),
    ...own.map((cidr) => `-A ${CHAIN_OUTBOUND} -d ${cidr} -j RETURN`),
    `-A ${CHAIN_OUTBOUND} -p tcp -j REDIRECT --to-ports ${rules.outboundPort}`,
    ...rules.excludeInboundPorts.map((port) => `-A ${CHAIN_INBOUND} -p tcp --dport ${port} -j RETURN`),
    `-A ${CHAIN_INBOUND} -p tcp -j REDIRECT --to-ports ${rules.inboundPort}`,
    'COMMIT',
    '',
  ].join('\n');
}

/** A jump into one of the chains, as arguments of `iptables -t nat` after `-A`, `-C` or `-D`. */
export const CAPTURE_JUMPS: readonly (readonly string[])[] = [
  ['OUTPUT', '-p', 'tcp', '-j', CHAIN_OUTBOUND],
  ['PREROUTING', '-p', 'tcp', '-j', CHAIN_INBOUND],
];

export const CAPTURE_CHAINS: readonly string[] = [CHAIN_OUTBOUND, CHAIN_INBOUND];

function familyOf(cidr: string): IpFamily {
  return cidr.includes(':') ? 'ipv6' : 'ipv4';
}
