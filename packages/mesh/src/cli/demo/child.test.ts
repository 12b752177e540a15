import assert from 'node:assert/strict';
import { test } from 'node:test';
import { environmentWithoutProxies } from './child.js';

test("the machine's own proxies are taken from the environment, everything else stays", () => {
  const proxies = [
    'grpc_proxy',
    'http_proxy',
    'HTTPS_PROXY',
    'no_proxy',
    'no_grpc_proxy',
    'NO_PROXY',
    'all_proxy',
  ];
  const env = {
    ...Object.fromEntries(proxies.map((name) => [name, 'x'])),
    PATH: '/bin',
    PROXY_COLOUR: 'red',
  };
  assert.deepEqual(environmentWithoutProxies(env), { PATH: '/bin', PROXY_COLOUR: 'red' });
});
