import { metadataContent } from '../sidecar/weir-metadata.js';
import type { Metadata } from '../../../xds/generated/envoy.config.core.v3.js';

/** `ignored`: the client does without it. `approximated`: it does something close. */
export type LimitEffect = 'ignored' | 'approximated';

/** Something that a configuration asks for and a client cannot do. */
export interface Limit {
  /** What is asked for, in the words of those who write it: `mirroring`, `retries: perTryTimeout`. */
  readonly feature: string;
  readonly effect: LimitEffect;
  /** What happens instead. */
  readonly instead: string;
  /** `file:line object` of the rule that asks for it, where it is known. */
  readonly source: string | undefined;
}

/** Gathers limits while a resource is made fit for a client; each feature of a source counts once. */
export class Limits {
  readonly #found = new Map<string, Limit>();
  #source: string | undefined;

  /** What is added from now on comes from where `metadata` says. */
  from(metadata: Metadata | undefined): void {
    const source = metadataContent(metadata)['source'];
    this.#source = source === undefined ? undefined : formatSource(source);
  }

  add(feature: string, effect: LimitEffect, instead: string): void {
    const limit = { feature, effect, instead, source: this.#source };
    this.#found.set(`${feature} ${this.#source ?? ''}`, limit);
  }

  get found(): readonly Limit[] {
    return [...this.#found.values()];
  }
}

function formatSource(source: unknown): string | undefined {
  if (typeof source !== 'object' || source === null) return undefined;
  const { file, line, object } = source as Record<string, unknown>;
  return [`${String(file)}:${String(line)}`, object].filter(Boolean).join(' ');
}
