import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { KubeApiError } from '@weir/core/kube';
import { FakeClock } from '@weir/core/testing';
import type { Logger } from '../../system/logger.js';
import { keepIdentity, webhookNames } from './keep-identity.js';
import type { KubeCalls } from './kube-calls.js';
import { parseIdentity, trusted, type WebhookIdentity } from './webhook-identity.js';

const DAY_MS = 86_400_000;
const silent = { debug() {}, info() {}, warn() {}, error() {} } as unknown as Logger;

/** The objects that a control plane writes, with the API server's rules about versions. */
class FakeObjects implements KubeCalls {
  version = 1;
  data: Record<string, string> = {};
  bundles = ['', ''];
  hasValidator = true;
  /** Runs once, before the next write of the Secret. */
  beforeWrite: (() => void) | undefined = undefined;
  writes = 0;
  refuses = false;

  call: KubeCalls['call'] = ({ method, path, body }) => {
    if (this.refuses) return Promise.reject(new KubeApiError('forbidden', { status: 403 }));
    if (path.includes('/secrets/')) return this.#secret(method, body);
    if (path.includes('validating') && !this.hasValidator) {
      return Promise.reject(new KubeApiError('not found', { status: 404 }));
    }
    if (method === 'GET') {
      return Promise.resolve({ webhooks: this.bundles.map((caBundle) => ({ clientConfig: { caBundle } })) });
    }
    for (const { path: at, value } of body as readonly { path: string; value: string }[]) {
      this.bundles[Number(at.split('/')[2])] = value;
    }
    return Promise.resolve({});
  };

  #secret(method: string, body: unknown): Promise<unknown> {
    if (method === 'PATCH') {
      this.beforeWrite?.();
      this.beforeWrite = undefined;
      const { metadata, data } = body as {
        metadata: { resourceVersion: string };
        data: Record<string, string>;
      };
      if (metadata.resourceVersion !== String(this.version)) {
        return Promise.reject(new KubeApiError('conflict', { status: 409 }));
      }
      this.version += 1;
      this.writes += 1;
      this.data = data;
    }
    return Promise.resolve({ metadata: { resourceVersion: String(this.version) }, data: this.data });
  }
}

function keeping(api: FakeObjects, clock = new FakeClock()) {
  const identities: WebhookIdentity[] = [];
  const keeper = keepIdentity({
    api,
    namespace: 'weir-system',
    clock,
    logger: silent,
    onIdentity: (identity) => identities.push(identity),
  });
  return { identities, keeper, clock };
}

/** Until the checks that have begun are over. */
async function settled(clock: FakeClock): Promise<void> {
  while (clock.pendingTimers === 0) await new Promise((resolve) => setImmediate(resolve));
}

describe('the identity of the webhooks', () => {
  it('is made when there is none, kept in the Secret, and told to the API server', async () => {
    const api = new FakeObjects();
    const { identities, keeper, clock } = keeping(api);
    await settled(clock);
    keeper.stop();
    const [identity] = identities;
    assert.deepEqual(parseIdentity(api.data), identity);
    const certificate = new X509Certificate(identity!.server.certificate);
    for (const name of webhookNames('weir-system')) assert.equal(certificate.checkHost(name), name);
    const bundle = Buffer.from(trusted(identity!)).toString('base64');
    assert.deepEqual(api.bundles, [bundle, bundle]);
  });

  it('is the one that is there for every replica that comes later', async () => {
    const api = new FakeObjects();
    const first = keeping(api);
    await settled(first.clock);
    const second = keeping(api);
    await settled(second.clock);
    assert.deepEqual(second.identities, first.identities);
    assert.equal(api.writes, 1);
  });

  it('is that of whoever was first when two make one at once', async () => {
    const api = new FakeObjects();
    const other = new FakeObjects();
    const { clock } = keeping(other);
    await settled(clock);
    api.beforeWrite = () => {
      api.data = other.data;
      api.version += 1;
    };
    const { identities, clock: ownClock } = keeping(api);
    await settled(ownClock);
    assert.deepEqual(identities, [parseIdentity(other.data)]);
  });

  it('is renewed in time, and whoever still serves with the old authority stays trusted', async () => {
    const api = new FakeObjects();
    const { identities, clock } = keeping(api);
    await settled(clock);
    clock.advance(59 * DAY_MS);
    await settled(clock);
    assert.equal(identities.length, 1);
    clock.advance(2 * DAY_MS);
    await settled(clock);
    assert.equal(identities.length, 2);
    assert.equal(identities[1]!.authority.certificate, identities[0]!.authority.certificate);
    clock.advance(200 * DAY_MS);
    await settled(clock);
    const last = identities.at(-1)!;
    assert.notEqual(last.authority.certificate, identities[0]!.authority.certificate);
    assert.ok(trusted(last).includes(identities[0]!.authority.certificate));
    assert.deepEqual(api.bundles, Array(2).fill(Buffer.from(trusted(last)).toString('base64')));
  });

  it('is told again when somebody has wiped the bundle', async () => {
    const api = new FakeObjects();
    const { clock } = keeping(api);
    await settled(clock);
    const before = [...api.bundles];
    api.bundles = ['', ''];
    clock.advance(60_000);
    await settled(clock);
    assert.deepEqual(api.bundles, before);
  });

  it('does without a validator', async () => {
    const api = new FakeObjects();
    api.hasValidator = false;
    const { identities, clock } = keeping(api);
    await settled(clock);
    assert.equal(identities.length, 1);
  });

  it('stays in use while the API server says no, and is looked after again soon', async () => {
    const api = new FakeObjects();
    api.refuses = true;
    const { identities, clock } = keeping(api);
    await settled(clock);
    assert.deepEqual(identities, []);
    api.refuses = false;
    clock.advance(2_000);
    await settled(clock);
    assert.equal(identities.length, 1);
  });
});
