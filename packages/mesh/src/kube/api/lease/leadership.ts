import type { Clock, Timer } from '@weir/core';
import { KubeApiError } from '@weir/core/kube';
import type { Logger } from '../../../system/logger.js';
import type { ApiCall } from '../api-connection.js';

export interface LeadershipOptions {
  readonly call: (call: ApiCall) => Promise<unknown>;
  /** Where the Lease is, and its name; it has been installed. */
  readonly namespace: string;
  readonly name: string;
  /** Who this is: the pod's name. */
  readonly identity: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onChange: (leads: boolean) => void;
}

interface Lease {
  readonly metadata: object;
  readonly spec?: LeaseSpec;
}

/** `coordination.k8s.io/v1 LeaseSpec`. */
interface LeaseSpec {
  readonly holderIdentity?: string | null;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

/** client-go's defaults for leader election. */
const LEASE_SECONDS = 15;
const RENEW_DEADLINE_MS = 10_000;
const RETRY_MS = 2_000;

/**
 * Takes part in the election of the one replica that writes. A lease that has not changed for as long as it lasts is
 * free: measured by this process's own clock, as clocks of machines differ. Whoever cannot renew stops leading
 * before others may begin.
 */
export class Leadership {
  readonly #options: LeadershipOptions;
  #leads = false;
  #renewedMs = 0;
  /** The holder's last sign of life, as text, and when it was first seen. */
  #seen = { renewal: '', atMs: 0 };
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: LeadershipOptions) {
    this.#options = options;
  }

  get leads(): boolean {
    return this.#leads;
  }

  start(): void {
    void this.#round();
  }

  /** Gives the lease back, so that nobody has to wait for its end. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    if (!this.#leads) return;
    this.#set(false);
    try {
      const lease = await this.#read();
      if (lease.spec?.holderIdentity !== this.#options.identity) return;
      await this.#write(lease, { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1 });
    } catch {
      // It ends by itself.
    }
  }

  async #round(): Promise<void> {
    const { clock, logger } = this.#options;
    try {
      await this.#takeOrRenew();
    } catch (error) {
      const conflict = error instanceof KubeApiError && error.status === 409;
      if (!conflict)
        logger.warn('the lease of the control plane could not be asked for or renewed', { error });
      if (this.#leads && clock.nowMs() - this.#renewedMs >= RENEW_DEADLINE_MS) this.#set(false);
    }
    if (!this.#stopped) this.#timer = clock.setTimer(RETRY_MS, () => void this.#round());
  }

  async #takeOrRenew(): Promise<void> {
    const { identity, clock } = this.#options;
    const lease = await this.#read();
    const { spec = {} } = lease;
    const own = spec.holderIdentity === identity;
    if (!own && !this.#isFree(spec)) return this.#set(false);
    // oxlint-disable-next-line no-restricted-globals -- a time that is given, not the present one
    const now = new Date(clock.wallMs()).toISOString().replace('Z', '000Z');
    const begins = { acquireTime: now, leaseTransitions: (spec.leaseTransitions ?? 0) + 1 };
    const askedMs = clock.nowMs();
    await this.#write(lease, {
      ...spec,
      ...(own ? {} : begins),
      holderIdentity: identity,
      leaseDurationSeconds: LEASE_SECONDS,
      renewTime: now,
    });
    if (this.#stopped) return;
    this.#renewedMs = askedMs;
    this.#set(true);
  }

  #isFree({ holderIdentity, renewTime = '', leaseDurationSeconds = LEASE_SECONDS }: LeaseSpec): boolean {
    if (holderIdentity === undefined || holderIdentity === null || holderIdentity === '') return true;
    const nowMs = this.#options.clock.nowMs();
    const renewal = `${holderIdentity} ${renewTime}`;
    if (renewal !== this.#seen.renewal) this.#seen = { renewal, atMs: nowMs };
    return nowMs - this.#seen.atMs >= leaseDurationSeconds * 1000;
  }

  #read(): Promise<Lease> {
    return this.#options.call({ method: 'GET', path: this.#path }) as Promise<Lease>;
  }

  /** With the version that was read: of two that write at once one is told of a conflict. */
  async #write(lease: Lease, spec: LeaseSpec): Promise<void> {
    await this.#options.call({ method: 'PUT', path: this.#path, body: { ...lease, spec } });
  }

  get #path(): string {
    const { namespace, name } = this.#options;
    return `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}`;
  }

  #set(leads: boolean): void {
    if (leads === this.#leads) return;
    this.#leads = leads;
    const { logger, identity, onChange } = this.#options;
    logger.info(leads ? 'this replica writes status now' : 'another replica writes status now', { identity });
    onChange(leads);
  }
}
