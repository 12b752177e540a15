import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { TYPE_CLUSTER, TYPE_ENDPOINT, TYPE_LISTENER, TYPE_ROUTE } from 'weir/dist/xds/type-urls.js';
import { until } from '../../support/until.js';
import { assertSilence, assignment, cluster, newsIn, next, Range } from './range.js';

/** Headings are those of the xDS protocol's document; what is quoted stands under them. */
describe('xDS protocol, incremental over ADS', () => {
  const range = new Range();
  before(() => range.open());
  after(() => range.close());

  describe('Incremental xDS', () => {
    it('sends one resource of many when one changes, and an ACK is not answered', async () => {
      range.serve(cluster('a'), cluster('b'));
      const client = range.delta();
      client.request({ node: { id: 'x' }, typeUrl: TYPE_CLUSTER });
      const all = await next(client, TYPE_CLUSTER);
      assert.equal(newsIn(all), 'a b');
      client.ack(all);
      await assertSilence(client);
      range.serve(cluster('a'), cluster('b', 2));
      assert.equal(newsIn(await next(client, TYPE_CLUSTER)), 'b');
    });

    it('stale nonce: "the server must honor changes to the subscription state even if the nonce is stale"', async () => {
      range.serve(cluster('a', 1), cluster('b'));
      const client = range.delta();
      client.request({ node: { id: 'x' }, typeUrl: TYPE_CLUSTER, resourceNamesSubscribe: ['a'] });
      const first = await next(client, TYPE_CLUSTER);
      client.ack(first);
      client.request({ typeUrl: TYPE_CLUSTER, resourceNamesSubscribe: ['b'], responseNonce: first.nonce });
      assert.equal(newsIn(await next(client, TYPE_CLUSTER)), 'b');
    });

    it('out-of-order ACK: one of an overtaken response acknowledges nothing', async () => {
      range.serve(cluster('a', 1));
      const client = range.delta();
      client.request({ node: { id: 'late delta' }, typeUrl: TYPE_CLUSTER });
      const first = await next(client, TYPE_CLUSTER);
      client.ack(first);
      range.serve(cluster('a', 2));
      const second = await next(client, TYPE_CLUSTER);
      range.serve(cluster('a', 3));
      client.ack(first);
      await assertSilence(client);
      client.ack(second);
      assert.equal(newsIn(await next(client, TYPE_CLUSTER)), 'a');
    });

    it('NACK then fix: what was refused is not sent again, other resources and the fix are', async () => {
      range.serve(cluster('a'), cluster('b'));
      const client = range.delta();
      client.request({ node: { id: 'refuses delta' }, typeUrl: TYPE_CLUSTER });
      const { nonce: responseNonce } = await next(client, TYPE_CLUSTER);
      const errorDetail = { code: 3, message: 'Cluster b: connect_timeout: too long' };
      client.request({ typeUrl: TYPE_CLUSTER, responseNonce, errorDetail });
      await until('the NACK is seen', () => range.nacks.some(({ nodeId }) => nodeId === 'refuses delta'));
      range.serve(cluster('a', 2), cluster('b'));
      const other = await next(client, TYPE_CLUSTER);
      assert.equal(newsIn(other), 'a');
      client.ack(other);
      await until('the ACK of another resource leaves the refusal standing', () => {
        const type = range
          .status()
          .find(({ nodeId }) => nodeId === 'refuses delta')
          ?.types.get(TYPE_CLUSTER);
        return type?.ackedVersion === other.systemVersionInfo && type?.state === 'NACKED';
      });
      range.serve(cluster('a', 2), cluster('b', 2));
      client.ack(await next(client, TYPE_CLUSTER));
      await until('the fix ends it', () => {
        const type = range
          .status()
          .find(({ nodeId }) => nodeId === 'refuses delta')
          ?.types.get(TYPE_CLUSTER);
        return type?.state === 'SYNCED';
      });
    });

    it('reconnect with versions: what has not changed is not sent again, what is gone is told', async () => {
      const { types } = range.serve(cluster('same'), cluster('changed', 2));
      const version = types[TYPE_CLUSTER].resources.get('same')?.version ?? '';
      const client = range.delta();
      client.request({
        node: { id: 'x' },
        typeUrl: TYPE_CLUSTER,
        resourceNamesSubscribe: ['*'],
        initialResourceVersions: { same: version, changed: 'older', gone: 'older' },
      });
      assert.equal(newsIn(await next(client, TYPE_CLUSTER)), 'changed -gone');
    });

    it('two types interleaved keep their nonces apart', async () => {
      range.serve(cluster('a'), assignment('a', '10.0.0.1'));
      const client = range.delta();
      client.request({ node: { id: 'both delta' }, typeUrl: TYPE_CLUSTER });
      client.request({ typeUrl: TYPE_ENDPOINT, resourceNamesSubscribe: ['a'] });
      const clusters = await next(client, TYPE_CLUSTER);
      const endpoints = await next(client, TYPE_ENDPOINT);
      assert.notEqual(clusters.nonce, endpoints.nonce);
      client.ack(endpoints);
      client.ack(clusters);
      await until('both are settled', () => {
        const types = range.status().find(({ nodeId }) => nodeId === 'both delta')?.types;
        return types?.size === 2 && [...types.values()].every(({ state }) => state === 'SYNCED');
      });
    });
  });

  describe('How the client specifies what resources to return', () => {
    it('wildcard to named: a name adds to the legacy wildcard, and unsubscribing from the star leaves the name', async () => {
      range.serve(cluster('a'), cluster('b'));
      const client = range.delta();
      client.request({ node: { id: 'x' }, typeUrl: TYPE_CLUSTER });
      client.ack(await next(client, TYPE_CLUSTER));
      client.request({ typeUrl: TYPE_CLUSTER, resourceNamesSubscribe: ['a'] });
      client.ack(await next(client, TYPE_CLUSTER));
      range.serve(cluster('a'), cluster('b', 2));
      const stillAll = await next(client, TYPE_CLUSTER);
      assert.equal(newsIn(stillAll), 'b');
      client.ack(stillAll);
      client.request({ typeUrl: TYPE_CLUSTER, resourceNamesUnsubscribe: ['*'] });
      await assertSilence(client);
      range.serve(cluster('a'), cluster('b', 3));
      await assertSilence(client);
      range.serve(cluster('a', 4), cluster('b', 4));
      assert.equal(newsIn(await next(client, TYPE_CLUSTER)), 'a');
    });
  });

  describe('Subscribing to Resources', () => {
    it('resubscribe: "the server must still provide those resources in the response"', async () => {
      range.serve(cluster('a'));
      const client = range.delta();
      client.request({ node: { id: 'x' }, typeUrl: TYPE_CLUSTER, resourceNamesSubscribe: ['a'] });
      client.ack(await next(client, TYPE_CLUSTER));
      client.request({ typeUrl: TYPE_CLUSTER, resourceNamesSubscribe: ['a'] });
      assert.equal(newsIn(await next(client, TYPE_CLUSTER)), 'a');
    });
  });

  describe('Unsubscribing from Resources', () => {
    it('"phantom unsubscriptions" are ignored, and what was let go of is not heard of again', async () => {
      range.serve(cluster('a'));
      const client = range.delta();
      client.request({ node: { id: 'x' }, typeUrl: TYPE_CLUSTER, resourceNamesSubscribe: ['a'] });
      client.ack(await next(client, TYPE_CLUSTER));
      client.request({ typeUrl: TYPE_CLUSTER, resourceNamesUnsubscribe: ['a', 'phantom'] });
      await assertSilence(client);
      range.serve(cluster('a', 2));
      await assertSilence(client);
    });

    it('under a wildcard the name let go of is told once more: as it is, or as removed', async () => {
      range.serve(cluster('a'));
      const client = range.delta();
      const resourceNamesSubscribe = ['*', 'a', 'nobody'];
      client.request({ node: { id: 'x' }, typeUrl: TYPE_CLUSTER, resourceNamesSubscribe });
      client.ack(await next(client, TYPE_CLUSTER));
      client.request({ typeUrl: TYPE_CLUSTER, resourceNamesUnsubscribe: ['a', 'nobody'] });
      assert.equal(newsIn(await next(client, TYPE_CLUSTER)), 'a -nobody');
    });
  });

  describe('Deleting Resources, Knowing When a Requested Resource Does Not Exist', () => {
    it('removal stands in removed_resources', async () => {
      range.serve(cluster('a'), cluster('b'));
      const client = range.delta();
      client.request({ node: { id: 'x' }, typeUrl: TYPE_CLUSTER });
      client.ack(await next(client, TYPE_CLUSTER));
      range.serve(cluster('b'));
      assert.equal(newsIn(await next(client, TYPE_CLUSTER)), '-a');
    });

    it('a resource of any type that nobody has is told at once, and sent when it comes into being', async () => {
      range.serve();
      const client = range.delta();
      for (const typeUrl of [TYPE_CLUSTER, TYPE_ENDPOINT, TYPE_LISTENER, TYPE_ROUTE]) {
        client.request({ node: { id: 'x' }, typeUrl, resourceNamesSubscribe: ['late'] });
        const response = await next(client, typeUrl);
        assert.equal(newsIn(response), '-late');
        client.ack(response);
      }
      range.serve(assignment('late', '10.0.0.1'));
      assert.equal(newsIn(await next(client, TYPE_ENDPOINT)), 'late');
    });
  });
});
