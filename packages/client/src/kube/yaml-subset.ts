/** What the reader gives for a document. */
export type YamlValue =
  string | number | boolean | null | readonly YamlValue[] | { readonly [key: string]: YamlValue };

interface Line {
  readonly number: number;
  readonly indent: number;
  readonly text: string;
}

/**
 * Reads the YAML that kubeconfig files are written in: block mappings and sequences, scalars with or without
 * quotes, literal blocks, and JSON. What it does not know (anchors, tags, several documents) it refuses, with
 * the line.
 *
 * @throws {SyntaxError} naming the line
 */
export function parseYaml(text: string): YamlValue {
  if (/^\s*[{[]/.test(text)) return JSON.parse(text) as YamlValue;
  const reader = new BlockReader(linesOf(text));
  const value = reader.block(0);
  reader.expectEnd();
  return value;
}

function linesOf(text: string): string[] {
  return text.replace(/^\ufeff/, '').split(/\r?\n/);
}

class BlockReader {
  readonly #lines: string[];
  #at = 0;

  constructor(lines: string[]) {
    this.#lines = lines;
  }

  /** The value whose lines are indented by at least `indent`; `null` when there is none. */
  block(indent: number): YamlValue {
    const line = this.#peek();
    if (line === undefined || line.indent < indent) return null;
    if (isSequenceEntry(line.text)) return this.#sequence(line.indent);
    if (keyOf(line) !== undefined) return this.#mapping(line.indent);
    this.#at += 1;
    return scalar(line.text, line.number);
  }

  expectEnd(): void {
    const line = this.#peek();
    if (line !== undefined) throw mistake(line.number, 'it does not belong to what is above it');
  }

  #sequence(indent: number): YamlValue {
    const items: YamlValue[] = [];
    for (let line = this.#peek(); line !== undefined; line = this.#peek()) {
      if (line.indent !== indent || !isSequenceEntry(line.text)) break;
      const rest = line.text.slice(1).trimStart();
      if (rest === '') {
        this.#at += 1;
        items.push(this.block(indent + 1));
        continue;
      }
      // What follows the dash stands where it stands: its further lines are indented as much.
      this.#replace(line, ' '.repeat(indent + line.text.length - rest.length) + rest);
      items.push(this.block(indent + 1));
    }
    return items;
  }

  #mapping(indent: number): YamlValue {
    const entries: [string, YamlValue][] = [];
    for (let line = this.#peek(); line !== undefined && line.indent === indent; line = this.#peek()) {
      const found = isSequenceEntry(line.text) ? undefined : keyOf(line);
      if (found === undefined) break;
      this.#at += 1;
      entries.push([found.key, this.#valueOf(found.rest, indent, line.number)]);
    }
    return Object.fromEntries(entries);
  }

  #valueOf(rest: string, indent: number, number: number): YamlValue {
    if (/^[|>][-+]?$/.test(rest)) return this.#literal(indent, rest);
    if (rest !== '') return scalar(rest, number);
    const next = this.#peek();
    // A sequence may stand as far left as its key.
    if (next !== undefined && next.indent === indent && isSequenceEntry(next.text))
      return this.#sequence(indent);
    return this.block(indent + 1);
  }

  #literal(indent: number, style: string): string {
    const lines: string[] = [];
    let depth = -1;
    for (; this.#at < this.#lines.length; this.#at++) {
      const line = this.#lines[this.#at]!;
      const own = line.length - line.trimStart().length;
      if (line.trim() !== '' && own <= indent) break;
      if (depth < 0 && line.trim() !== '') depth = own;
      lines.push(line.slice(Math.max(0, depth)));
    }
    while (lines.at(-1)?.trim() === '') lines.pop();
    const text = lines.join(style.startsWith('|') ? '\n' : ' ');
    return style.endsWith('-') ? text : `${text}\n`;
  }

  /** The next line that says something; comments and empty ones are passed over. */
  #peek(): Line | undefined {
    for (; this.#at < this.#lines.length; this.#at++) {
      const line = this.#lines[this.#at]!;
      const text = withoutComment(line.trim());
      if (text === '' || (text === '---' && this.#at === firstLine(this.#lines))) continue;
      const number = this.#at + 1;
      if (/^\s*\t/.test(line)) throw mistake(number, 'YAML is not indented with tabs');
      if (text === '---' || text === '...') throw mistake(number, 'only one document is read');
      return { number, indent: line.length - line.trimStart().length, text };
    }
    return undefined;
  }

  #replace({ number }: Line, text: string): void {
    this.#lines[number - 1] = text;
  }
}

function firstLine(lines: readonly string[]): number {
  return lines.findIndex((line) => withoutComment(line.trim()) !== '');
}

function isSequenceEntry(text: string): boolean {
  return text === '-' || text.startsWith('- ');
}

/** `key: rest`, the key perhaps in quotes. */
function keyOf({ text, number }: Line): { readonly key: string; readonly rest: string } | undefined {
  const parts =
    /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'#&*!|>%@`[\]{},?-][^#]*?|-[^\s:][^#]*?)\s*:(?:\s+(.*))?$/.exec(
      text,
    );
  if (parts === null) return undefined;
  return { key: String(scalar(parts[1]!, number)), rest: (parts[2] ?? '').trim() };
}

/** A `#` begins a comment only after a space, and not within quotes. */
function withoutComment(text: string): string {
  if (text.startsWith('#')) return '';
  const parts = /^((?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^"'\s]|["']|\s(?!#))*)(?:\s#.*)?$/.exec(text);
  return (parts?.[1] ?? text).trimEnd();
}

function scalar(text: string, number: number): YamlValue {
  if (text.startsWith('"')) return parseJson(text, number);
  if (text.startsWith("'")) {
    if (!/^'(?:[^']|'')*'$/.test(text)) throw mistake(number, 'a quote is not closed');
    return text.slice(1, -1).replaceAll("''", "'");
  }
  if (/^[[{]/.test(text)) return parseJson(text, number);
  if (/^[&*!%@`]/.test(text)) throw mistake(number, `${text[0]} is not understood; write it out, or as JSON`);
  if (/^(?:null|Null|NULL|~)$/.test(text)) return null;
  if (/^(?:true|True|TRUE)$/.test(text)) return true;
  if (/^(?:false|False|FALSE)$/.test(text)) return false;
  if (/^-?(?:0|[1-9]\d{0,15})(?:\.\d+)?$/.test(text)) return Number(text);
  return text;
}

function parseJson(text: string, number: number): YamlValue {
  try {
    return JSON.parse(text) as YamlValue;
  } catch {
    throw mistake(number, `${text.slice(0, 40)} cannot be read; write it as JSON has it`);
  }
}

function mistake(number: number, what: string): SyntaxError {
  return new SyntaxError(`line ${number}: ${what}`);
}
