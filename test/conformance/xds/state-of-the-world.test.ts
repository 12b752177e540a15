import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { TYPE_CLUSTER, TYPE_ENDPOINT, TYPE_LISTENER, TYPE_ROUTE } from 'weir/dist/xds/type-urls.js';
import { until } from '../../support/until.js';
import { assertSilence, assignment, cluster, listener, namesIn, next, Range, route } from './range.js';

/** Headings are those of the xDS protocol's document; what is quoted stands under them. */
describe('xDS protocol, state of the world over ADS', () => {
  const range = new Range();
  before(() => range.open());
  after(() => range.close());

  describe('ACK/NACK and resource type instance version', () => {
    it('answers with a version and a nonce, and an ACK with both is not answered', async () => {
      const snapshot = range.serve(cluster('a'));
      const client = range.sotw();
      client.request({ node: { id: 'x' }, typeUrl: TYPE_CLUSTER });
      const response = await next(client, TYPE_CLUSTER);
      assert.equal(response.versionInfo, snapshot.types[TYPE_CLUSTER].version);
      assert.notEqual(response.nonce ?? '', '');
      client.ack(response);
      await assertSilence(client);
    });

    it('NACK then fix: what was refused is not sent again, the next version is, and other types go on', async () => {
      range.serve(cluster('a', 1), assignment('a', '10.0.0.1'));
      const client = range.sotw();
      client.request({ node: { id: 'refuses' }, typeUrl: TYPE_CLUSTER });
      client.ack(await next(client, TYPE_CLUSTER));
      client.request({ typeUrl: TYPE_ENDPOINT, resourceNames: ['a'] });
      client.ack(await next(client, TYPE_ENDPOINT), ['a']);

      range.serve(cluster('a', 2), assignment('a', '10.0.0.1'));
      const { nonce: responseNonce } = await next(client, TYPE_CLUSTER);
      const errorDetail = { code: 3, message: 'Cluster a: connect_timeout: too long' };
      client.request({ typeUrl: TYPE_CLUSTER, responseNonce, errorDetail });
      await until('the NACK is seen', () => range.nacks.some(({ nodeId }) => nodeId === 'refuses'));
      const nack = range.nacks.find(({ nodeId }) => nodeId === 'refuses');
      assert.deepEqual([nack?.resources, nack?.field], [['a'], 'connect_timeout']);

      range.serve(cluster('a', 2), assignment('a', '10.0.0.2'));
      client.ack(await next(client, TYPE_ENDPOINT), ['a']);
      await assertSilence(client);

      range.serve(cluster('a', 3), assignment('a', '10.0.0.2'));
      client.ack(await next(client, TYPE_CLUSTER));
    });

    it('reconnect with versions: "the client\'s initial request … should indicate the most recent version", and it is sent what there is', async () => {
      const snapshot = range.serve(cluster('a'));
      const first = range.sotw();
      first.request({ node: { id: 'x' }, typeUrl: TYPE_CLUSTER });
      const { versionInfo, nonce } = await next(first, TYPE_CLUSTER);
      first.close();
      const second = range.sotw();
      second.request({ node: { id: 'x' }, typeUrl: TYPE_CLUSTER, versionInfo, responseNonce: nonce });
      const response = await next(second, TYPE_CLUSTER);
      assert.equal(response.versionInfo, snapshot.types[TYPE_CLUSTER].version);
    });
  });

  describe('How the client specifies what resources to return', () => {
    it('an empty list asks for everything, once something was named it asks for nothing', async () => {
      range.serve(cluster('a'), cluster('b'));
      const client = range.sotw();
      client.request({ node: { id: 'x' }, typeUrl: TYPE_CLUSTER });
      const all = await next(client, TYPE_CLUSTER);
      assert.deepEqual(namesIn(all), ['a', 'b']);
      client.ack(all);
      client.request({ typeUrl: TYPE_CLUSTER, resourceNames: ['*', 'a'], responseNonce: all.nonce });
      assert.deepEqual(namesIn(await next(client, TYPE_CLUSTER)), ['a', 'b']);
      const named = range.sotw();
      named.request({ node: { id: 'x' }, typeUrl: TYPE_CLUSTER, resourceNames: ['a'] });
      const one = await next(named, TYPE_CLUSTER);
      assert.deepEqual(namesIn(one), ['a']);
      named.ack(one, ['a']);
      named.request({ typeUrl: TYPE_CLUSTER, resourceNames: [], responseNonce: one.nonce });
      await assertSilence(named);
      range.serve(cluster('a', 9), cluster('b', 9));
      await assertSilence(named);
    });

    it('wildcard to named: "the server interprets this as unsubscribing to \'*\'"', async () => {
      range.serve(cluster('a'), cluster('b'));
      const client = range.sotw();
      client.request({ node: { id: 'x' }, typeUrl: TYPE_CLUSTER });
      const all = await next(client, TYPE_CLUSTER);
      client.ack(all, ['a']);
      const named = await next(client, TYPE_CLUSTER);
      assert.deepEqual(namesIn(named), ['a']);
      client.ack(named, ['a']);
      await assertSilence(client);
      range.serve(cluster('a'), cluster('b', 2));
      await assertSilence(client);
      range.serve(cluster('a', 2), cluster('b', 2));
      assert.deepEqual(namesIn(await next(client, TYPE_CLUSTER)), ['a']);
    });

    it('"the server must resend any newly requested resources, even if it previously sent those"', async () => {
      range.serve(assignment('a', '10.0.0.1'), assignment('b', '10.0.0.1'));
      const client = range.sotw();
      client.request({ node: { id: 'x' }, typeUrl: TYPE_ENDPOINT, resourceNames: ['a', 'b'] });
      const both = await next(client, TYPE_ENDPOINT);
      client.ack(both, ['a', 'b']);
      client.request({ typeUrl: TYPE_ENDPOINT, resourceNames: ['b'], responseNonce: both.nonce });
      client.request({ typeUrl: TYPE_ENDPOINT, resourceNames: ['a', 'b'], responseNonce: both.nonce });
      assert.deepEqual(namesIn(await next(client, TYPE_ENDPOINT)), ['a']);
    });
  });

  describe('Grouping Resources into Responses', () => {
    it('clusters come as a whole, endpoints as they change', async () => {
      range.serve(cluster('a'), cluster('b'), assignment('a', '10.0.0.1'), assignment('b', '10.0.0.1'));
      const client = range.sotw();
      client.request({ node: { id: 'x' }, typeUrl: TYPE_CLUSTER });
      client.ack(await next(client, TYPE_CLUSTER));
      client.request({ typeUrl: TYPE_ENDPOINT, resourceNames: ['a', 'b'] });
      client.ack(await next(client, TYPE_ENDPOINT), ['a', 'b']);
      range.serve(cluster('a', 2), cluster('b'), assignment('a', '10.0.0.1'), assignment('b', '10.0.0.2'));
      assert.deepEqual(namesIn(await next(client, TYPE_CLUSTER)), ['a', 'b']);
      assert.deepEqual(namesIn(await next(client, TYPE_ENDPOINT)), ['b']);
    });
  });

  describe('Deleting Resources, Knowing When a Requested Resource Does Not Exist', () => {
    it('removal: a cluster that is gone is missing from the next response', async () => {
      range.serve(cluster('a'), cluster('b'));
      const client = range.sotw();
      client.request({ node: { id: 'x' }, typeUrl: TYPE_CLUSTER });
      client.ack(await next(client, TYPE_CLUSTER));
      range.serve(cluster('b'));
      assert.deepEqual(namesIn(await next(client, TYPE_CLUSTER)), ['b']);
    });

    it('a listener nobody has is told by a response without it, and sent when it "springs into existence later"', async () => {
      range.serve(listener('known', 'R'), route('R'));
      const client = range.sotw();
      client.request({ node: { id: 'x' }, typeUrl: TYPE_LISTENER, resourceNames: ['late'] });
      const none = await next(client, TYPE_LISTENER);
      assert.deepEqual(namesIn(none), []);
      client.ack(none, ['late']);
      range.serve(listener('late', 'R'), route('R'));
      assert.deepEqual(namesIn(await next(client, TYPE_LISTENER)), ['late']);
    });

    it('endpoints that nobody has come empty, since silence would keep the client waiting', async () => {
      range.serve(cluster('a'));
      const client = range.sotw();
      client.request({ node: { id: 'x' }, typeUrl: TYPE_ENDPOINT, resourceNames: ['a'] });
      const { resources = [] } = await next(client, TYPE_ENDPOINT);
      assert.equal(resources[0]?.value?.length, 2 + 'a'.length);
    });
  });

  describe('Resource updates', () => {
    it('stale nonce: "should not send a DiscoveryResponse for any DiscoveryRequest that has a stale nonce"', async () => {
      range.serve(assignment('a', '10.0.0.1'), assignment('b', '10.0.0.1'));
      const client = range.sotw();
      client.request({ node: { id: 'x' }, typeUrl: TYPE_ENDPOINT, resourceNames: ['a'] });
      const first = await next(client, TYPE_ENDPOINT);
      client.ack(first, ['a']);
      range.serve(assignment('a', '10.0.0.2'), assignment('b', '10.0.0.1'));
      const second = await next(client, TYPE_ENDPOINT);
      client.request({ typeUrl: TYPE_ENDPOINT, resourceNames: ['a', 'b'], responseNonce: first.nonce });
      await assertSilence(client);
      client.ack(second, ['a', 'b']);
      assert.deepEqual(namesIn(await next(client, TYPE_ENDPOINT)), ['b']);
    });

    it('out-of-order ACK: one of an overtaken response acknowledges nothing', async () => {
      range.serve(cluster('a', 1));
      const client = range.sotw();
      client.request({ node: { id: 'late' }, typeUrl: TYPE_CLUSTER });
      const first = await next(client, TYPE_CLUSTER);
      client.ack(first);
      range.serve(cluster('a', 2));
      const second = await next(client, TYPE_CLUSTER);
      range.serve(cluster('a', 3));
      client.ack(first);
      await assertSilence(client);
      const acked = range
        .status()
        .find(({ nodeId }) => nodeId === 'late')
        ?.types.get(TYPE_CLUSTER);
      assert.equal(acked?.ackedVersion, first.versionInfo);
      client.ack(second);
      assert.notEqual((await next(client, TYPE_CLUSTER)).versionInfo, second.versionInfo);
    });

    it('two types interleaved keep their nonces apart', async () => {
      range.serve(cluster('a'), assignment('a', '10.0.0.1'));
      const client = range.sotw();
      client.request({ node: { id: 'both' }, typeUrl: TYPE_CLUSTER });
      client.request({ typeUrl: TYPE_ENDPOINT, resourceNames: ['a'] });
      const clusters = await next(client, TYPE_CLUSTER);
      const endpoints = await next(client, TYPE_ENDPOINT);
      assert.notEqual(clusters.nonce, endpoints.nonce);
      client.ack(endpoints, ['a']);
      client.ack(clusters);
      await until('both are settled', () => {
        const types = range.status().find(({ nodeId }) => nodeId === 'both')?.types;
        return types?.size === 2 && [...types.values()].every(({ state }) => state === 'SYNCED');
      });
    });
  });

  describe('Eventual consistency considerations', () => {
    it('a route moves after the new cluster and its endpoints, and the old cluster goes last', async () => {
      const mesh = (to: string) => [
        listener('L', 'R'),
        route('R', to),
        cluster(to),
        assignment(to, '10.0.0.1'),
      ];
      range.serve(...mesh('old'));
      const client = range.sotw();
      client.request({ node: { id: 'x' }, typeUrl: TYPE_CLUSTER });
      client.ack(await next(client, TYPE_CLUSTER));
      client.request({ typeUrl: TYPE_ENDPOINT, resourceNames: ['old'] });
      const endpoints = await next(client, TYPE_ENDPOINT);
      client.ack(endpoints, ['old']);
      client.request({ typeUrl: TYPE_LISTENER });
      client.ack(await next(client, TYPE_LISTENER));
      client.request({ typeUrl: TYPE_ROUTE, resourceNames: ['R'] });
      client.ack(await next(client, TYPE_ROUTE), ['R']);

      range.serve(...mesh('new'));
      const union = await next(client, TYPE_CLUSTER);
      assert.deepEqual([...namesIn(union)].sort(), ['new', 'old']);
      await assertSilence(client);
      client.ack(union);
      client.request({
        typeUrl: TYPE_ENDPOINT,
        resourceNames: ['new', 'old'],
        responseNonce: endpoints.nonce,
      });
      const fresh = await next(client, TYPE_ENDPOINT);
      assert.deepEqual(namesIn(fresh), ['new']);
      await assertSilence(client);
      client.ack(fresh, ['new', 'old']);
      client.ack(await next(client, TYPE_ROUTE), ['R']);
      assert.deepEqual(namesIn(await next(client, TYPE_CLUSTER)), ['new']);
    });
  });
});
