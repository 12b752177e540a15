/** `-` stands before a line that goes, `+` before one that comes, a blank before one that stays. */
export interface DiffLine {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/** The least change from one list of lines to another (longest common subsequence). */
export function diffLines(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  const lengths = commonLengths(before, after);
  const result: DiffLine[] = [];
  let [row, column] = [0, 0];
  while (row < before.length || column < after.length) {
    const [old, fresh] = [before[row], after[column]];
    if (old !== undefined && old === fresh) {
      result.push({ mark: ' ', text: old });
      row += 1;
      column += 1;
    } else if (old !== undefined && (lengths[row + 1]?.[column] ?? 0) >= (lengths[row]?.[column + 1] ?? 0)) {
      result.push({ mark: '-', text: old });
      row += 1;
    } else {
      result.push({ mark: '+', text: fresh ?? '' });
      column += 1;
    }
  }
  return result;
}

/** `[row][column]`: how many lines the rests from there have in common. */
function commonLengths(before: readonly string[], after: readonly string[]): readonly Uint32Array[] {
  const lengths = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  for (let row = before.length - 1; row >= 0; row--) {
    for (let column = after.length - 1; column >= 0; column--) {
      const [here, below] = [lengths[row]!, lengths[row + 1]!];
      here[column] =
        before[row] === after[column]
          ? (below[column + 1] ?? 0) + 1
          : Math.max(below[column] ?? 0, here[column + 1] ?? 0);
    }
  }
  return lengths;
}

/** Changed lines with `context` lines around them; `…` stands for what is left out. */
export function formatDiff(lines: readonly DiffLine[], context = 3): readonly string[] {
  const shown = new Set<number>();
  for (const [index, { mark }] of lines.entries()) {
    if (mark === ' ') continue;
    for (let near = index - context; near <= index + context; near++) shown.add(near);
  }
  const result: string[] = [];
  for (const [index, { mark, text }] of lines.entries()) {
    if (shown.has(index)) result.push(`${mark} ${text}`);
    else if (result.at(-1) !== '  …') result.push('  …');
  }
  return result;
}
