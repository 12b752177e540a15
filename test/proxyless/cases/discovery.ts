import assert from 'node:assert/strict';
import type { Case } from '../case.js';
import { assertAllOk, untilCalls } from '../expect.js';

export const discovery: readonly Case[] = [
  {
    feature: 'discovery by the short, the namespaced and the full name',
    async run(stage, caller) {
      const { name } = await stage.service('v1');
      for (const form of [
        name,
        `${name}.default`,
        `${name}.default.svc`,
        `${name}.default.svc.cluster.local`,
      ]) {
        assertAllOk(await caller.calls(`${form}:50051`, 2));
      }
    },
  },
  {
    feature: 'round robin over three servers',
    async run(stage, caller) {
      const { name } = await stage.service('v1', 'v1', 'v1');
      await stage.rules(name, [], { loadBalancer: { simple: 'ROUND_ROBIN' } });
      const target = `${name}:50051`;
      await untilCalls(
        'all three answer',
        caller,
        target,
        12,
        ({ servers }) => Object.keys(servers).length === 3,
      );
      const { servers } = await caller.calls(target, 30);
      assert.deepEqual(Object.values(servers), [10, 10, 10]);
    },
  },
  {
    feature: 'a service that comes into being is found',
    async run(stage, caller) {
      const { name, servers } = await stage.service('v1');
      const late = `${name}-late`;
      const first = await caller.calls(`${late}:50051`, 1, { timeoutMs: 3000 });
      assert.notEqual(first.codes['0'], 1);
      stage.directory.service(late);
      stage.addPod(late, `${late}-0`, servers[0] ?? assert.fail());
      await untilCalls('it answers', caller, `${late}:50051`, 1, ({ codes }) => codes['0'] === 1);
    },
  },
  {
    feature: 'a service without endpoints fails at once with UNAVAILABLE',
    async run(stage, caller) {
      const { name } = await stage.service();
      const { codes, latenciesMs } = await caller.calls(`${name}:50051`, 1, { timeoutMs: 10_000 });
      assert.deepEqual(codes, { 14: 1 });
      assert.ok((latenciesMs[0] ?? Infinity) < 5000, `after ${latenciesMs[0]} ms`);
    },
  },
];
