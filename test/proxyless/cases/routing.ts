import assert from 'node:assert/strict';
import type { Case } from '../case.js';
import { assertServedBy, share, untilCalls, untilTold } from '../expect.js';

const to = (host: string, subset: string, weight?: number): object => ({
  destination: { host, subset },
  ...(weight !== undefined && { weight }),
});

export const routing: readonly Case[] = [
  {
    feature: 'weighted canary',
    async run(stage, caller) {
      const { name } = await stage.service('v1', 'v1', 'v2');
      await stage.rules(name, [{ route: [to(name, 'v1', 80), to(name, 'v2', 20)] }]);
      const part = share(await caller.calls(`${name}:50051`, 500, { concurrency: 10 }), 'v2');
      assert.ok(part > 0.12 && part < 0.28, `v2 got ${part}`);
      await stage.rules(name, [{ route: [to(name, 'v2', 100)] }]);
      await untilCalls('all go to v2', caller, `${name}:50051`, 20, (answer) => share(answer, 'v2') === 1);
    },
  },
  {
    feature: 'routes by header: exact, prefix, regular expression, presence',
    async run(stage, caller) {
      const { name } = await stage.service('v1', 'v2');
      await stage.rules(name, [
        { match: [{ headers: { 'x-exact': { exact: 'one' } } }], route: [to(name, 'v2')] },
        { match: [{ headers: { 'x-prefix': { prefix: 'on' } } }], route: [to(name, 'v2')] },
        { match: [{ headers: { 'x-regex': { regex: 'o.e|two' } } }], route: [to(name, 'v2')] },
        { match: [{ headers: { 'x-present': {} } }], route: [to(name, 'v2')] },
        { route: [to(name, 'v1')] },
      ]);
      const call = (metadata: Record<string, string>) => caller.calls(`${name}:50051`, 4, { metadata });
      assertServedBy(await call({ 'x-exact': 'one' }), 'v2');
      assertServedBy(await call({ 'x-exact': 'one more' }), 'v1');
      assertServedBy(await call({ 'x-prefix': 'one' }), 'v2');
      assertServedBy(await call({ 'x-regex': 'two' }), 'v2');
      assertServedBy(await call({ 'x-regex': 'two more' }), 'v1');
      assertServedBy(await call({ 'x-present': 'whatever' }), 'v2');
      assertServedBy(await call({}), 'v1');
    },
  },
  {
    feature: 'routes by a header that must not have a value',
    async run(stage, caller) {
      const { name } = await stage.service('v1', 'v2');
      await stage.rules(name, [
        { match: [{ withoutHeaders: { 'x-user': { exact: 'tester' } } }], route: [to(name, 'v1')] },
        { route: [to(name, 'v2')] },
      ]);
      const call = (metadata: Record<string, string>) => caller.calls(`${name}:50051`, 4, { metadata });
      assertServedBy(await call({ 'x-user': 'tester' }), 'v2');
      assertServedBy(await call({ 'x-user': 'somebody' }), 'v1');
      assertServedBy(await call({}), 'v1');
    },
  },
  {
    feature: 'routes by method',
    async run(stage, caller) {
      const { name } = await stage.service('v1', 'v2');
      await stage.rules(name, [
        { match: [{ uri: { exact: '/weir.test.Echo/ClientStream' } }], route: [to(name, 'v2')] },
        { match: [{ uri: { prefix: '/weir.test.Echo/' } }], route: [to(name, 'v1')] },
      ]);
      assertServedBy(await caller.calls(`${name}:50051`, 4, { method: 'ClientStream' }), 'v2');
      assertServedBy(await caller.calls(`${name}:50051`, 4, { method: 'Unary' }), 'v1');
    },
  },
  {
    feature: 'a direct response with an HTTP status of an error',
    async run(stage, caller) {
      const { name } = await stage.service('v1');
      await stage.rules(name, [{ directResponse: { status: 403 } }]);
      const { codes } = await caller.calls(`${name}:50051`, 3);
      assert.deepEqual(codes, { 7: 3 });
    },
  },
  {
    feature: 'mirroring, rewrites, changes of headers',
    exceptions: {
      node: 'gRPC libraries send each call once, as it is',
      weir: 'gRPC libraries send each call once, as it is',
      core: 'gRPC libraries send each call once, as it is',
      go: 'gRPC libraries send each call once, as it is',
    },
    async run(stage, caller) {
      const { name } = await stage.service('v1', 'v2');
      await stage.rules(name, [
        {
          route: [to(name, 'v1')],
          mirror: { host: name, subset: 'v2' },
          rewrite: { authority: 'elsewhere' },
          headers: { request: { set: { 'x-set': 'one' } } },
        },
      ]);
      assertServedBy(await caller.calls(`${name}:50051`, 4), 'v1');
      for (const feature of ['mirroring', 'rewrite: authority', 'headers: request'])
        await untilTold(stage, feature);
    },
  },
];
