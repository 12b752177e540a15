import type { TextMatcher } from './match.js';

/** A text matcher ready to be asked. */
export interface TextTest {
  holds(text: string): boolean;
  /** What the text must do: `be "v1"`. */
  readonly words: string;
}

export function compileText(matcher: TextMatcher): TextTest {
  if (matcher.kind === 'regex') {
    const { pattern } = matcher;
    return { holds: (text) => pattern.test(text), words: `match ${quote(pattern.source)}` };
  }
  const { kind, value, ignoreCase = false } = matcher;
  const words = `${VERBS[kind]} ${quote(value)}${ignoreCase ? ' in any case' : ''}`;
  if (!ignoreCase) return { holds: compare(kind, value), words };
  const holds = compare(kind, value.toLowerCase());
  return { holds: (text) => holds(text.toLowerCase()), words };
}

const VERBS = { exact: 'be', prefix: 'begin with', suffix: 'end with', contains: 'contain' } as const;

function compare(kind: keyof typeof VERBS, value: string): (text: string) => boolean {
  switch (kind) {
    case 'exact':
      return (text) => text === value;
    case 'prefix':
      return (text) => text.startsWith(value);
    case 'suffix':
      return (text) => text.endsWith(value);
    case 'contains':
      return (text) => text.includes(value);
  }
}

const LONGEST_QUOTED = 120;

/** A text of any length and content as people may read it. */
export function quote(text: string): string {
  const cut = text.length <= LONGEST_QUOTED ? text : `${text.slice(0, LONGEST_QUOTED)}…`;
  return JSON.stringify(cut);
}
