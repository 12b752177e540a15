/** A decoded xDS message: absent fields are left out. */
type Message = object;

/**
 * What is found while one resource is read: errors make the control plane's response be rejected (NACK) and
 * leave the last good resource in force; warnings are for what is understood by other proxies and has no
 * effect here. Nothing is passed over in silence. Paths are written as in Envoy's proto files.
 */
export class Findings {
  readonly errors: string[] = [];
  readonly warnings: string[] = [];

  error(path: string, text: string): void {
    this.errors.push(`${path}: ${text}`);
  }

  warn(path: string, text: string): void {
    this.warnings.push(`${path}: ${text}`);
  }

  /**
   * Warns of every field that is set and not in `known`, the list of those the caller reads or may leave
   * unread because they change nothing for anybody (names for people, statistics).
   */
  unused(path: string, message: Message, known: ReadonlySet<string>): void {
    for (const [field, value] of Object.entries(message)) {
      if (!known.has(field) && isSet(value)) this.warn(joinPath(path, field), 'has no effect in this proxy');
    }
  }

  /** An error for every field in `refused` that is set: leaving it out would send requests astray. */
  refuse(path: string, message: Message, refused: ReadonlySet<string>): void {
    for (const [field, value] of Object.entries(message)) {
      if (refused.has(field) && isSet(value))
        this.error(joinPath(path, field), 'is not supported by this proxy');
    }
  }
}

/** `joinPath('filters[0]', 'typedConfig')` → `filters[0].typed_config` */
export function joinPath(path: string, field: string): string {
  const name = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return path === '' ? name : `${path}.${name}`;
}

/** Zero, empty and false are what proto3 says when a field is not set; an empty message means "defaults". */
function isSet(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return Boolean(value);
  // A message within a message is there to say something, even when it is empty: it chooses among others.
  return Object.values(value).some((inner) => typeof inner === 'object' || isSet(inner));
}
