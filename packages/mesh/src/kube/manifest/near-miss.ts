/**
 * Number of single-character insertions, deletions, substitutions and swaps of neighbours that turn `a` into
 * `b` (optimal string alignment distance).
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      }
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}

/** Whether `written` is probably a slip of the pen for `meant`; false when they are equal. */
export function isNearMiss(written: string, meant: string): boolean {
  if (written === meant) return false;
  if (written.toLowerCase() === meant.toLowerCase()) return true;
  const allowed = Math.min(2, Math.floor(Math.min(written.length, meant.length) / 3));
  return editDistance(written.toLowerCase(), meant.toLowerCase()) <= allowed;
}

/** The candidate closest to `written`, or undefined when none is near. */
export function nearest(written: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    if (!isNearMiss(written, candidate)) continue;
    const distance = editDistance(written.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}
