import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'weir-simulation-'));
after(() => rmSync(folder, { recursive: true }));

function simulate(...args: readonly string[]): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, '--out', folder, ...args], {
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

describe('npm run simulate', () => {
  it('prints a table, draws a plot and fills in the page', () => {
    const page = join(folder, 'README.md');
    const before = '# Page\n\n<!-- slow-middle: written by npm run simulate -->\n\nold\n\n';
    writeFileSync(page, `${before}<!-- end of slow-middle -->\n\nmore\n`);
    const { status, output } = simulate('--only', 'slow-middle', '--seeds', '1', '--threads', '2');
    assert.equal(status, 0, output);
    assert.match(output, /\| round robin +\|/);
    const plot = readFileSync(join(folder, 'slow-middle.svg'), 'utf8');
    assert.match(plot, /^<svg /);
    assert.doesNotMatch(plot, /NaN|undefined|Infinity/);
    const text = readFileSync(page, 'utf8');
    assert.match(text, /\| round robin +\|/);
    assert.doesNotMatch(text, /old/);
    assert.match(text, /more\n$/);
  });

  it('draws again what it has measured, the same', () => {
    const plot = join(folder, 'slow-middle.svg');
    const before = readFileSync(plot, 'utf8');
    rmSync(plot);
    assert.equal(simulate('--only', 'slow-middle', '--draw').status, 0);
    assert.equal(readFileSync(plot, 'utf8').length, before.length);
  });

  it('says which parts there are when it does not know one', () => {
    const { status, output } = simulate('--only', 'nothing');
    assert.notEqual(status, 0);
    assert.match(output, /no part nothing; there are: ramp,/);
  });
});
