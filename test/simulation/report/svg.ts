/** Text of an SVG element; children are elements already, text is escaped. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  ...children: readonly string[]
): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? rounded(value) : escaped(value!)}"`)
    .join('');
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join('')}</${name}>`;
}

export function label(
  x: number,
  y: number,
  words: string,
  attributes: Readonly<Record<string, string | number | undefined>> = {},
): string {
  return element('text', { x, y, ...attributes }, escaped(words));
}

/** An open line through points; one that is not finite breaks it. */
export function polyline(
  points: readonly (readonly [x: number, y: number])[],
  attributes: Readonly<Record<string, string | number | undefined>>,
): string {
  let path = '';
  let isDown = false;
  for (const [x, y] of points) {
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      isDown = false;
      continue;
    }
    path += `${isDown ? 'L' : 'M'}${rounded(x)} ${rounded(y)}`;
    isDown = true;
  }
  return element('path', { d: path, fill: 'none', ...attributes });
}

export function escaped(words: string): string {
  return words
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function rounded(number: number): string {
  return String(Math.round(number * 10) / 10);
}
