import type { WorkerReport } from '../../admin/worker-report.js';
import type { ConnectionOptions } from '../../http2/options.js';
import type { ReceivedResource } from '../../xds/client/received-resource.js';
import type { Door } from '../door.js';
import type { Portion } from '../portion.js';
import type { ProxyPlace } from '../config/proxy-place.js';
import type { LoadSettings } from '../inbound/load-settings.js';
import type { RelayOptions } from '../relay/relay-options.js';

/** What a worker has to know to begin. */
export interface WorkerSettings {
  readonly http2: Partial<ConnectionOptions>;
  readonly relay: Partial<RelayOptions>;
  readonly load: LoadSettings;
  readonly place: ProxyPlace;
}

/** From the first process to a worker. */
export type ToWorker =
  | { readonly kind: 'start'; readonly settings: WorkerSettings }
  /** A response of the control plane, as the first process took it. */
  | {
      readonly kind: 'config';
      readonly typeUrl: string;
      readonly version: string;
      readonly resources: readonly ReceivedResource[];
    }
  /** The socket comes with the message. */
  | { readonly kind: 'connection'; readonly door: Door }
  /** The part of all limits that is the worker's. */
  | { readonly kind: 'portion'; readonly portion: Portion }
  | { readonly kind: 'report' }
  | { readonly kind: 'close'; readonly drainMs: number };

/** From a worker to the first process. */
export type FromWorker =
  /** A connection that was handed over is gone. */
  | { readonly kind: 'closed'; readonly door: Door['kind'] }
  | { readonly kind: 'report'; readonly report: WorkerReport };
