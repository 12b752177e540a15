import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Cluster } from './cluster.js';
import { countAnswers, greeterManifests } from './greeter-manifests.js';

describe('the story in a cluster', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start();
  });
  after(() => cluster.close());

  it('begins with ten calls that all hit one pod', async () => {
    await cluster.shell(greeterManifests('shop'));
    await cluster.settled({ app: 'native-tools-2' }, 3);
    await cluster.settled({ app: 'native-tools-1' }, 1);
    const answers = await countAnswers(cluster, 10);
    assert.deepEqual([...answers.values()], [10]);
  });
});
