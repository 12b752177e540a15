import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FoundEndpoint } from './resolver.js';
import { staticResolver } from './static-resolver.js';

async function resolve(path: string): Promise<readonly FoundEndpoint[]> {
  return new Promise((found, failed) => {
    staticResolver.create(path, { found, failed }, {}).resolve();
  });
}

describe('static:', () => {
  it('finds every endpoint that the target lists, names and IPv6 addresses too', async () => {
    const endpoints = await resolve('10.0.0.1:50051, greeter-2:1,[fd00::1]:2,plain');
    assert.deepEqual(
      endpoints.map(({ host, port }) => [host, port]),
      [
        ['10.0.0.1', 50051],
        ['greeter-2', 1],
        ['fd00::1', 2],
        ['plain', 443],
      ],
    );
  });

  it('refuses what is no host and port', () => {
    for (const path of ['', 'a:1,', 'a:0', 'a:65536', 'a:b', 'fd00::1', 'http://a:1']) {
      assert.throws(
        () => staticResolver.create(path, { found() {}, failed() {} }, {}),
        /is no host:port/,
        path,
      );
    }
  });

  it('tells once for each time it is asked after it was closed', async () => {
    let times = 0;
    const resolver = staticResolver.create('a:1', { found: () => (times += 1), failed() {} }, {});
    resolver.resolve();
    resolver.resolve();
    await Promise.resolve();
    assert.equal(times, 1);
    resolver.close();
    resolver.resolve();
    await Promise.resolve();
    assert.equal(times, 2);
  });
});
