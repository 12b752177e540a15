import type { Clock } from '@weir/core';
import type { ReceivedResource } from '../../xds/client/received-resource.js';
import { Findings } from './findings.js';

/** What makes one xDS type of the four differ from the others. */
export interface ResourceKind<Message, Content> {
  readonly typeUrl: string;
  /** For people: `Cluster`. */
  readonly label: string;
  /**
   * Whether each response holds everything there is, so that what is missing has been removed. xDS protocol:
   * true for Listener and Cluster only.
   */
  readonly complete: boolean;
  decode(bytes: Uint8Array): Message;
  nameOf(message: Message): string;
  /** The content, or `undefined` with errors among the findings. */
  read(message: Message, version: string, findings: Findings): Content | undefined;
}

/** A resource in its last good state. */
export interface StoredResource<Content> {
  readonly name: string;
  /** `version_info` of the response that brought this state. */
  readonly version: string;
  readonly updatedWallMs: number;
  readonly value: Uint8Array;
  readonly content: Content;
  readonly warnings: readonly string[];
}

/** All resources of one type, each in its last good state. */
export class ResourceStore<Message, Content> {
  readonly typeUrl: string;
  readonly #kind: ResourceKind<Message, Content>;
  readonly #clock: Clock;
  readonly #resources = new Map<string, StoredResource<Content>>();
  #version = '';
  #updatedWallMs = 0;
  #acceptedTotal = 0;
  #rejectedTotal = 0;
  #errors: readonly string[] = [];

  constructor(kind: ResourceKind<Message, Content>, clock: Clock) {
    this.typeUrl = kind.typeUrl;
    this.#kind = kind;
    this.#clock = clock;
  }

  /** Whether any response has come, good or bad. */
  get received(): boolean {
    return this.#acceptedTotal + this.#rejectedTotal > 0;
  }

  /** `version_info` of the last response without an error; '' before the first. */
  get version(): string {
    return this.#version;
  }

  get updatedWallMs(): number {
    return this.#updatedWallMs;
  }

  get acceptedTotal(): number {
    return this.#acceptedTotal;
  }

  get rejectedTotal(): number {
    return this.#rejectedTotal;
  }

  /** Of the last response. */
  get errors(): readonly string[] {
    return this.#errors;
  }

  get resources(): readonly StoredResource<Content>[] {
    return [...this.#resources.values()];
  }

  get(name: string): StoredResource<Content> | undefined {
    return this.#resources.get(name);
  }

  /**
   * Takes a response: good resources replace what was there, bad ones leave the last good state in force.
   * `check` sees the outcome as a whole and may add errors.
   *
   * @returns the errors, each naming its resource and field; warnings of what was read anew
   */
  apply(
    version: string,
    received: readonly ReceivedResource[],
    check: () => readonly string[] = () => [],
  ): { readonly errors: readonly string[]; readonly warnings: readonly string[] } {
    const errors: string[] = [];
    const warnings: string[] = [];
    const present = new Set<string>();
    let allNamed = true;
    received.forEach((resource, index) => {
      const decoded = this.#decode(resource, index, errors);
      if (decoded === undefined) {
        allNamed = false;
        return;
      }
      const { name, message } = decoded;
      if (present.has(name)) {
        errors.push(`${this.#kind.label} ${name}: is in the response twice`);
        return;
      }
      present.add(name);
      this.#applyOne(name, message, resource.value, version, errors, warnings);
    });
    // A resource without a name that can be read may be any of those that seem to be missing.
    if (this.#kind.complete && allNamed) this.retain(present);
    errors.push(...check());
    this.#finish(version, errors);
    return { errors, warnings };
  }

  /** Drops every resource but these. */
  retain(names: ReadonlySet<string>): void {
    for (const name of this.#resources.keys()) {
      if (!names.has(name)) this.#resources.delete(name);
    }
  }

  #decode(
    { typeUrl, name, value }: ReceivedResource,
    index: number,
    errors: string[],
  ): { readonly name: string; readonly message: Message } | undefined {
    const who = `${this.#kind.label} ${name || `number ${index}`}`;
    if (typeUrl !== this.typeUrl) {
      errors.push(`${who}: is of type ${typeUrl} in a response of ${this.typeUrl}`);
      return undefined;
    }
    try {
      const message = this.#kind.decode(value);
      const ownName = this.#kind.nameOf(message);
      if (ownName === '') errors.push(`${who}: name: must not be empty`);
      return ownName === '' ? undefined : { name: ownName, message };
    } catch (error) {
      errors.push(`${who}: cannot be decoded: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  #applyOne(
    name: string,
    message: Message,
    value: Uint8Array,
    version: string,
    errors: string[],
    warnings: string[],
  ): void {
    // State of the world: most of a response is what was in the one before.
    const known = this.#resources.get(name);
    if (known !== undefined && Buffer.compare(known.value, value) === 0) return;
    const findings = new Findings();
    const content = this.#kind.read(message, version, findings);
    const prefix = `${this.#kind.label} ${name}: `;
    if (content === undefined || findings.errors.length > 0) {
      errors.push(...findings.errors.map((error) => prefix + error));
      return;
    }
    warnings.push(...findings.warnings.map((warning) => prefix + warning));
    this.#resources.set(name, {
      name,
      version,
      updatedWallMs: this.#clock.wallMs(),
      // A copy: a view would keep the whole response in memory.
      value: new Uint8Array(value),
      content,
      warnings: findings.warnings,
    });
  }

  #finish(version: string, errors: readonly string[]): void {
    this.#errors = errors;
    if (errors.length > 0) {
      this.#rejectedTotal++;
      return;
    }
    this.#acceptedTotal++;
    this.#version = version;
    this.#updatedWallMs = this.#clock.wallMs();
  }
}
