/**
 * How far a valid text can be trusted to be all of the file, against the last text that took effect.
 *
 * `incomplete`: only a cut-off file looks like this. `doubtful`: a cut-off file may look like this and so may
 * an edit on purpose; a writer at work will have shown itself a moment later. A cut YAML text is often valid
 * YAML with endpoints missing at its end, which is why validity alone does not protect.
 */
export type Completeness = 'complete' | 'doubtful' | 'incomplete';

export function judgeCompleteness(text: string, lastGood: string | undefined): Completeness {
  if (lastGood === undefined || text === lastGood) return 'complete';
  // Programs open a file, which empties it, and then write.
  if (text.trim() === '') return lastGood.trim() === '' ? 'complete' : 'incomplete';
  if (isWholeJson(text)) return 'complete';
  const cutShort = lastGood.startsWith(text);
  const cutInLine = lastGood.endsWith('\n') && !text.endsWith('\n');
  if (cutShort && cutInLine) return 'incomplete';
  return cutShort || cutInLine ? 'doubtful' : 'complete';
}

/** No true prefix of a JSON object is valid, so a valid one that begins with a brace is whole. */
function isWholeJson(text: string): boolean {
  return text.trimStart().startsWith('{') && text.trimEnd().endsWith('}');
}
