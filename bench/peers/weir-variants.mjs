import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { start } from '../relay/children.mjs';
import { firstLineOf, startControlOf, weirOf } from './weir.mjs';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));
const FRONT = fileURLToPath(new URL('./weir-tls-front.mjs', import.meta.url));

/**
 * What a service with much policy has: twenty rules, by method and by header, of which the last takes the load, with
 * retries, a deadline and outlier detection.
 */
const RULES = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: bench }
spec:
  hosts: [bench]
  http:
${Array.from({ length: 10 }, (_, at) => `    - match: [{ uri: { exact: /bench.Service/Method${at} } }]\n      route: [{ destination: { host: bench } }]\n`).join('')}${Array.from({ length: 9 }, (_, at) => `    - match: [{ headers: { x-tenant-${at % 3}: { exact: tenant-${at} } } }]\n      route: [{ destination: { host: bench } }]\n`).join('')}    - route: [{ destination: { host: bench } }]
      timeout: 5s
      retries: { attempts: 2, perTryTimeout: 2s, retryOn: '5xx,unavailable,cancelled' }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: bench }
spec:
  host: bench
  trafficPolicy:
    connectionPool: { http: { http2MaxRequests: 100000 } }
    outlierDetection: { consecutive5xxErrors: 5, consecutiveGatewayErrors: 3 }
`;

export const weirWithPolicies = weirOf(CHECKOUT, 'weir-policies', 'Weir, 20 rules and policies', [], RULES);

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
