/** The text of `bytes[start, end)`; sequences that are not UTF-8 become U+FFFD, all of the text at once. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  let escaped = '';
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte < 0x80 && escaped === '') {
      text += String.fromCharCode(byte);
      continue;
    }
    escaped += `%${byte.toString(16).padStart(2, '0')}`;
  }
  if (escaped === '') return text;
  try {
    return text + decodeURIComponent(escaped);
  } catch {
    return `${text}\ufffd`;
  }
}

/** The bytes of a text, a lone surrogate as U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of text) {
    const point = character.codePointAt(0)!;
    const scalar = point >= 0xd800 && point <= 0xdfff ? 0xfffd : point;
    if (scalar < 0x80) bytes.push(scalar);
    else if (scalar < 0x800) bytes.push(0xc0 | (scalar >> 6), continuation(scalar));
    else if (scalar < 0x10000)
      bytes.push(0xe0 | (scalar >> 12), continuation(scalar >> 6), continuation(scalar));
    else {
      bytes.push(
        0xf0 | (scalar >> 18),
        continuation(scalar >> 12),
        continuation(scalar >> 6),
        continuation(scalar),
      );
    }
  }
  return Uint8Array.from(bytes);
}

function continuation(bits: number): number {
  return 0x80 | (bits & 0x3f);
}
