/**
 * What it costs to measure an application's load and to tell its callers: the sidecar that relays to a service, and the
 * inbound door with each setting of `--load`.
 *
 *     npm run bench:inbound -- [--rounds N] [--seconds S] [--cases A,B]
 */
import { parseArgs } from 'node:util';
import { isInstalled } from './peers/peers.mjs';
import { weir } from './peers/weir.mjs';
import { weirInbound } from './peers/weir-inbound.mjs';
import { CASES } from './relay/cases.mjs';
import { runWithCleanUp } from './relay/children.mjs';
import { compare } from './relay/compare.mjs';
import { formatCase } from './relay/table.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '1.5' },
    cases: { type: 'string', default: '8x32,32x1' },
  },
});

await runWithCleanUp(async () => {
  for (const tool of ['h2load', 'nghttpd']) {
    if (!isInstalled(tool))
      throw new Error(`${tool} is missing: run scripts/install-system-tools.sh --bench`);
  }
  const names = values.cases.split(',');
  const cases = CASES.filter(({ name }) => names.includes(name));
  const options = { rounds: Number(values.rounds), seconds: Number(values.seconds) };
  const results = await compare(cases, [weir, ...weirInbound], options, (line) =>
    process.stderr.write(`${line}\n`),
  );
  for (const result of results) process.stdout.write(`${formatCase(result)}\n`);
});
