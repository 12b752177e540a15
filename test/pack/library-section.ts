/** A heading of the README, up to the next of its kind. */
export function sectionOf(markdown: string, heading: string): string {
  const section = markdown.split(/^## /m).find((text) => text.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`the README has no section "${heading}"`);
  return section;
}

/**
 * The section as a reader follows it: one shell session, in which a block that names a file is written to it
 * where the reader stands by then.
 */
export function sessionOf(section: string): string {
  const script: string[] = [];
  for (const [, language, file, body = ''] of section.matchAll(/^```(\w+) (\S+)\n([\s\S]*?)^```$/gm)) {
    if (language === 'sh') script.push(body);
    else script.push(`cat > '${file}' <<'END OF FILE'\n${body}END OF FILE\n`);
  }
  return script.join('');
}
