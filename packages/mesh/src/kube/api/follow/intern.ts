/**
 * One object for all that are alike: the pods of a Deployment have the same labels, thousands of endpoints the same
 * few zones. What is handed out must not be changed.
 */
export class InternPool {
  readonly #strings = new Map<string, string>();
  readonly #labels = new Map<string, Readonly<Record<string, string>>>();

  text(value: string): string {
    const known = this.#strings.get(value);
    if (known !== undefined) return known;
    forgetIfMany(this.#strings);
    this.#strings.set(value, value);
    return value;
  }

  labels(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    const key = JSON.stringify(labels);
    const known = this.#labels.get(key);
    if (known !== undefined) return known;
    forgetIfMany(this.#labels);
    const kept: Record<string, string> = {};
    for (const [name, value] of Object.entries(labels)) kept[name] = this.text(value);
    this.#labels.set(key, kept);
    return kept;
  }
}

/** What is no longer in use is not known, so all is forgotten at times: what is in use stays with its users. */
const MAX_ENTRIES = 20_000;

function forgetIfMany(map: Map<string, unknown>): void {
  if (map.size >= MAX_ENTRIES) map.clear();
}
