import type { Rejection } from './answers.js';
import type { TypeStream } from './type-stream.js';

/** SYNCED: has what it should have. STALE: has been or is to be sent something. NACKED: refused what it was sent last. */
export type SyncState = 'SYNCED' | 'STALE' | 'NACKED';

/** What a stream's client has of one type. */
export interface TypeStatus {
  /** Names subscribed to; `*` stands for all. */
  readonly subscribed: readonly string[];
  readonly ackedVersion: string;
  /** A response awaits its answer, or more is to be sent. */
  readonly pending: boolean;
  readonly state: SyncState;
  /** `Clock.wallMs` since when it has been in this state, as far as is known; 0 before the first response. */
  readonly sinceWallMs: number;
  readonly rejection: Rejection | undefined;
  /** Resources too large for this client, which therefore stays without them or with the ones before. */
  readonly withheld: readonly string[];
}

export function statusOfType(type: TypeStream<never>, pending: boolean): TypeStatus {
  const { answers, subscription, withheld } = type;
  const { wildcard, names } = subscription ?? { wildcard: false, names: [] };
  const { rejection } = answers;
  const state = rejection !== undefined ? 'NACKED' : pending ? 'STALE' : 'SYNCED';
  return {
    subscribed: wildcard ? ['*', ...names] : [...names],
    ackedVersion: answers.ackedVersion,
    pending,
    state,
    sinceWallMs:
      rejection?.wallMs ??
      (pending && answers.inFlight !== undefined ? answers.sentWallMs : answers.answeredWallMs),
    rejection,
    withheld: [...withheld.keys()],
  };
}
