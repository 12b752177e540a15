import { freePort, start } from '../relay/children.mjs';
import { untilAccepting } from '../relay/probe.mjs';

/** nghttpx with one worker, HTTP/2 on both sides, no log. */
export const nghttpx = {
  name: 'nghttpx',
  title: 'nghttpx',
  needs: 'nghttpx',
  version: ['--version'],
  async start(endpoints) {
    const port = await freePort();
    const backends = endpoints.map((endpoint) => `--backend=127.0.0.1,${endpoint};;proto=h2`);
    const child = start('nghttpx', [
      '--conf=/dev/null',
      // Without this it forks, and its worker outlives a container that nobody cleans up in.
      '--single-process',
      '--workers=1',
      `--frontend=127.0.0.1,${port};no-tls`,
      '--frontend-http2-max-concurrent-streams=1024',
      '--errorlog-file=/dev/stderr',
      ...backends,
    ]);
    await untilAccepting(port, child, 'nghttpx');
    return { port, child, helpers: [] };
  },
};
