/**
 * The sidecar against itself: in one process and in two, and behind TLS.
 *
 *     npm run bench:variants -- [--rounds N] [--seconds S] [--cases A,B]
 */
import { parseArgs } from 'node:util';
import { isInstalled } from './peers/peers.mjs';
import { weir } from './peers/weir.mjs';
import { weirOnTwoCores, weirOverTls } from './peers/weir-variants.mjs';
import { CASES } from './relay/cases.mjs';
import { runWithCleanUp } from './relay/children.mjs';
import { compare } from './relay/compare.mjs';
import { formatCase } from './relay/table.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1.5' },
    cases: { type: 'string', default: '8x32,32x1,1m-down' },
  },
});

await runWithCleanUp(async () => {
  for (const tool of ['h2load', 'nghttpd', 'openssl']) {
    if (!isInstalled(tool))
      throw new Error(`${tool} is missing: run scripts/install-system-tools.sh --bench`);
  }
  const names = values.cases.split(',');
  const cases = CASES.filter(({ name }) => names.includes(name));
  if (cases.length !== names.length) {
    throw new Error(`--cases takes ${CASES.map(({ name }) => name).join(', ')}`);
  }
  const options = { rounds: Number(values.rounds), seconds: Number(values.seconds) };
  const peers = [weir, weirOnTwoCores, weirOverTls];
  const results = await compare(cases, peers, options, (line) => process.stderr.write(`${line}\n`));
  for (const result of results) process.stdout.write(`${formatCase(result)}\n`);
});
