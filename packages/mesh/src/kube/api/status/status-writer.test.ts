import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { KubeApiError } from '@weir/core/kube';
import { FakeClock } from '@weir/core/testing';
import type { Problem } from '../../problem.js';
import type { ApiCall } from '../api-connection.js';
import { FOLLOWED_KINDS } from '../follow/followed-kinds.js';
import type { PolicyCondition } from '../follow/policy-objects.js';
import { StatusWriter } from './status-writer.js';

const kind = FOLLOWED_KINDS.find((each) => each.kind === 'VirtualService')!;
const problem: Problem = {
  severity: 'error',
  code: 'WEIR0002',
  file: 'VirtualService shop/a',
  line: 0,
  column: 0,
  field: 'spec.htpp',
  message: 'unknown field "htpp"',
};

function rig(answer: (call: ApiCall) => unknown = () => ({ metadata: { resourceVersion: '7' } })) {
  const calls: ApiCall[] = [];
  const warnings: string[] = [];
  const log = () => {};
  const writer = new StatusWriter({
    call: async (call) => {
      calls.push(call);
      return answer(call);
    },
    clock: new FakeClock(),
    logger: { debug: log, info: log, warn: (message) => void warnings.push(message), error: log },
  });
  const put = async (problems: readonly Problem[], isInForce: boolean, condition?: PolicyCondition) => {
    const content = { apiVersion: 'networking.istio.io/v1beta1' };
    const record = { name: 'a', namespace: 'shop', generation: 3, condition, content };
    writer.put({ kind, record, isInForce, problems });
    for (let turns = 0; turns < 10; turns++) await turn();
  };
  return { calls, warnings, put };
}

test('an object that is fine, and always was, is not touched', async () => {
  const { calls, put } = rig();
  await put([], true);
  assert.deepEqual(calls, []);
});

test('an invalid object is told so, beside the conditions of others', async () => {
  const others = [{ type: 'Reconciled', status: 'True' }];
  const { calls, put } = rig(() => ({ metadata: { resourceVersion: '7' }, status: { conditions: others } }));
  await put([problem], false);
  const path = '/apis/networking.istio.io/v1beta1/namespaces/shop/virtualservices/a';
  assert.deepEqual(calls, [
    { method: 'GET', path },
    {
      method: 'PATCH',
      path: `${path}/status`,
      contentType: 'application/merge-patch+json',
      body: {
        metadata: { resourceVersion: '7' },
        status: {
          conditions: [
            ...others,
            {
              type: 'weir.dev/Accepted',
              status: 'False',
              reason: 'Invalid',
              message: 'WEIR0002 spec.htpp: unknown field "htpp"',
              observedGeneration: 3,
              lastTransitionTime: '2026-01-01T00:00:00Z',
            },
          ],
        },
      },
    },
  ]);
});

test('what has been said is not said again, and is taken back when it is mended', async () => {
  const { calls, put } = rig();
  const said = {
    status: 'False',
    reason: 'Invalid',
    message: 'WEIR0002 spec.htpp: unknown field "htpp"',
    observedGeneration: 3,
  };
  await put([problem], false, said);
  assert.equal(calls.length, 0);
  await put([], true, said);
  assert.equal(calls.length, 2);
  assert.match(JSON.stringify(calls[1]?.body), /"status":"True","reason":"Valid","message":""/);
});

test('a conflict leads to another try', async () => {
  let conflicts = 2;
  const { calls, put } = rig(({ method }) => {
    if (method === 'PATCH' && conflicts-- > 0) throw new KubeApiError('no', { status: 409 });
    return { metadata: { resourceVersion: '7' } };
  });
  await put([problem], true);
  assert.equal(calls.length, 6);
});

test('a permission that is missing is named once', async () => {
  const { warnings, put } = rig(({ method }) => {
    if (method === 'PATCH') throw new KubeApiError('no', { status: 403 });
    return { metadata: {} };
  });
  await put([problem], true);
  await put([problem], false);
  assert.deepEqual(warnings, [
    'cannot patch virtualservices/status.networking.istio.io: not allowed (403); add to a ClusterRole of this ServiceAccount: {apiGroups: ["networking.istio.io"], resources: ["virtualservices/status"], verbs: ["patch"]}',
  ]);
});
