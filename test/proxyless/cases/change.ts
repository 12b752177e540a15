import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEchoServer } from '../../support/echo-server.js';
import { until } from '../../support/until.js';
import type { Case } from '../case.js';
import { assertAllOk, readStatus, untilCalls } from '../expect.js';

export const change: readonly Case[] = [
  {
    feature: 'endpoints come and go under load without a failed call',
    async run(stage, caller) {
      const { name, servers } = await stage.service('v1', 'v1', 'v1');
      const target = `${name}:50051`;
      await untilCalls(
        'all three answer',
        caller,
        target,
        12,
        ({ servers: by }) => Object.keys(by).length === 3,
      );
      await caller.start(target);
      const spare = await startEchoServer({ name: 'spare-0' });
      for (let round = 0; round < 5; round++) {
        for (const [index, server] of servers.entries()) {
          stage.directory.removeEndpoint(`${name}-v1-${index}`);
          stage.addPod(name, `${name}-spare`, spare);
          await sleep(150);
          stage.addPod(name, `${name}-v1-${index}`, server);
          stage.directory.removeEndpoint(`${name}-spare`);
          await sleep(100);
        }
      }
      const answer = await caller.stop();
      spare.destroy();
      assertAllOk(answer);
      assert.ok((answer.codes['0'] ?? 0) > 200, `only ${answer.codes['0']} calls`);
      assert.ok((answer.servers['spare-0'] ?? 0) > 0, 'the new endpoint was called');
    },
  },
  {
    feature: 'routes move to another subset under load without a failed call',
    async run(stage, caller) {
      const { name } = await stage.service('v1', 'v2');
      const target = `${name}:50051`;
      const all = (subset: string) =>
        stage.rules(name, [{ route: [{ destination: { host: name, subset } }] }]);
      await all('v1');
      await untilCalls('v1 answers', caller, target, 1, ({ codes }) => codes['0'] === 1);
      await caller.start(target);
      for (let round = 0; round < 6; round++) {
        await all(round % 2 === 0 ? 'v2' : 'v1');
        await sleep(250);
      }
      const answer = await caller.stop();
      assertAllOk(answer);
      assert.equal(Object.keys(answer.servers).length, 2);
    },
  },
  {
    feature: 'the control plane restarts under load without a failed call, and changes arrive again',
    async run(stage, caller) {
      const { name, servers } = await stage.service('v1', 'v1');
      const target = `${name}:50051`;
      await untilCalls('both answer', caller, target, 12, ({ servers: by }) => Object.keys(by).length === 2);
      await caller.start(target);
      await stage.kill();
      await sleep(500);
      await stage.restart();
      await until(
        'the client is back',
        async () => (await readStatus(stage)).clients.some(({ types }) => types['Cluster'] !== undefined),
        30_000,
      );
      stage.directory.removeEndpoint(`${name}-v1-0`);
      await until(
        'its endpoint is gone',
        async () => {
          const before = servers[0]?.calls;
          await sleep(200);
          return servers[0]?.calls === before;
        },
        10_000,
      );
      assertAllOk(await caller.stop());
    },
  },
  {
    feature: 'every type is acknowledged, nothing refused',
    async run(stage) {
      await until('all is synced', async () => {
        const { clients } = await readStatus(stage);
        const states = clients.flatMap(({ types }) => Object.values(types).map(({ state }) => state));
        return states.length > 0 && states.every((state) => state === 'SYNCED');
      });
    },
  },
  {
    feature: 'load reports become metrics of the control plane',
    async run(stage, caller) {
      const { name } = await stage.service('v1');
      await caller.calls(`${name}:50051`, 5);
      await until(
        'the calls are counted',
        async () => {
          const { body } = await stage.control.getControl('/metrics');
          return new RegExp(`weir_control_reported_requests_total\\{[^}]*${name}[^}]*\\} [1-9]`).test(body);
        },
        15_000,
      );
    },
  },
];
