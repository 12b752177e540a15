import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readDocumentedCommands } from './documented-commands.js';

describe('the commands of a document', () => {
  it('are its sh blocks in order, and its named YAML blocks as files', () => {
    const { script, runBlocks, problems } = readDocumentedCommands(
      [
        '```sh',
        'one',
        '```',
        '```yaml a/b.yaml',
        'kind: X',
        '```',
        '```sh',
        'two',
        '```',
        '```yaml',
        'c: 1',
        '```',
      ].join('\n'),
    );
    assert.deepEqual(problems, []);
    assert.equal(runBlocks, 2);
    assert.ok(script.startsWith('one\n'));
    assert.ok(script.indexOf('kind: X') < script.indexOf('two'));
    assert.ok(!script.includes('c: 1'));
  });

  it('are left out when the document says why', () => {
    const { runBlocks, problems } = readDocumentedCommands(
      '<!-- not run: needs a cluster -->\n\n```sh not-run\nrm\n```\n',
    );
    assert.equal(runBlocks, 0);
    assert.deepEqual(problems, []);
  });

  for (const [what, text] of [
    ['a block that is not run without a reason', '```sh not-run\nrm\n```\n'],
    ['another word for a shell', '```bash\nls\n```\n'],
    ['an unknown word after sh', '```sh later\nls\n```\n'],
    ['a block without an end', '```sh\nls\n'],
  ] as const) {
    it(`are refused: ${what}`, () => assert.equal(readDocumentedCommands(text).problems.length, 1));
  }
});
