/**
 * A document whose commands are run as they stand.
 *
 * - A block fenced as `sh` is run; all blocks of a document are one session, in order.
 * - A block fenced as `sh not-run` is not; the line above the fence says why: `<!-- not run: … -->`.
 * - A block fenced as `yaml <path>` is written to that path at that moment.
 */
export interface DocumentedCommands {
  /** A bash script that does all of it in the current directory. */
  readonly script: string;
  /** How many blocks are run. */
  readonly runBlocks: number;
  /** What is wrong with the document itself, each with its line. */
  readonly problems: readonly string[];
}

const fencePattern = /^```(\S*)\s*(.*)$/;
const reasonPattern = /^<!-- not run: \S.* -->$/;

export function readDocumentedCommands(markdown: string): DocumentedCommands {
  const lines = markdown.split('\n');
  const script: string[] = [];
  const problems: string[] = [];
  let runBlocks = 0;
  for (let index = 0; index < lines.length; index++) {
    const fence = fencePattern.exec(lines[index] ?? '');
    if (fence === null) continue;
    const [, language = '', argument = ''] = fence;
    const line = index + 1;
    const above = lines.slice(0, index).findLast((text) => text.trim() !== '') ?? '';
    const body: string[] = [];
    for (index++; index < lines.length && lines[index] !== '```'; index++) body.push(lines[index] ?? '');
    if (index === lines.length) problems.push(`line ${line}: the block has no end`);

    if (['bash', 'shell', 'console', 'zsh'].includes(language)) {
      problems.push(`line ${line}: commands are fenced as sh, so that they are run`);
    } else if (language === 'sh' && argument === '') {
      runBlocks++;
      script.push(...body);
    } else if (language === 'sh' && argument === 'not-run') {
      if (!reasonPattern.test(above)) problems.push(`line ${line}: <!-- not run: why --> is missing above`);
    } else if (language === 'sh') {
      problems.push(`line ${line}: "sh ${argument}" means nothing`);
    } else if (language === 'yaml' && argument !== '') {
      script.push(
        `mkdir -p "$(dirname '${argument}')"`,
        `cat > '${argument}' <<'END OF FILE'`,
        ...body,
        'END OF FILE',
      );
    }
  }
  return { script: `${script.join('\n')}\n`, runBlocks, problems };
}
