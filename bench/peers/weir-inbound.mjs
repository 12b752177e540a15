import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { start } from '../relay/children.mjs';
import { firstLineOf } from './weir.mjs';

const PROGRAM = join(fileURLToPath(new URL('../..', import.meta.url)), 'packages/mesh/bin/weir.js');
const ANY = '127.0.0.1:0';

/** The sidecar of a callee: its inbound door, in front of one endpoint. */
const inboundOf = (audience, title) => ({
  name: `weir-inbound-${audience}`,
  title,
  needs: undefined,
  async start([port]) {
    const application = `127.0.0.1:${port}`;
    // No control plane is needed to let callers in.
    const args = ['proxy', '--xds', '127.0.0.1:9', '--outbound', ANY, '--admin', ANY, '--load', audience];
    const child = start(process.execPath, [
      PROGRAM,
      ...args,
      '--inbound',
      `${ANY}=${application}`,
      '-o',
      'json',
    ]);
    const { inbound, admin } = JSON.parse(await firstLineOf(child, 'weir proxy'));
    return { port: Number(inbound[application].split(':').at(-1)), child, helpers: [], admin };
  },
});

/** Nothing measured; measured and told who asks; told every caller of gRPC. */
export const weirInbound = [
  inboundOf('none', 'inbound, --load none'),
  inboundOf('on-request', 'inbound, --load on-request'),
  inboundOf('all', 'inbound, --load all'),
];
