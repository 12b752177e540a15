import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { start } from '../relay/children.mjs';
import { firstLineOf, startControlOf, weirOf } from './weir.mjs';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));
const FRONT = fileURLToPath(new URL('./weir-tls-front.mjs', import.meta.url));

/** The sidecar as it is shipped, in two processes that share the work. */
export const weirOnTwoCores = weirOf(CHECKOUT, 'weir-2', 'Weir, --concurrency 2', ['--concurrency', '2']);

/**
 * The relay behind Node's TLS, which the sidecar does not offer yet: what TLS on the caller's side will
 * cost. Plain towards the endpoints.
 */
export const weirOverTls = {
  name: 'weir-tls',
  title: "Weir over Node's TLS",
  needs: 'openssl',
  async start(endpoints, directory) {
    const [key, certificate] = [join(directory, 'key.pem'), join(directory, 'certificate.pem')];
    const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const files = ['-keyout', key, '-out', certificate];
    execFileSync('openssl', [...request, '-subj', '/CN=localhost', '-days', '1', ...files], {
      stdio: 'ignore',
    });
    const { control, service } = await startControlOf(CHECKOUT, endpoints, directory);
    const child = start(process.execPath, [FRONT, control.addresses.xds, service, key, certificate]);
    const { port } = JSON.parse(await firstLineOf(child, 'the TLS front'));
    return { port, child, helpers: [control.child], scheme: 'https' };
  },
};
