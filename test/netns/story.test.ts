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

  it('goes on with two commands and a label', async () => {
    await cluster.shell('weir install --istio-crds | kubectl apply -f -');
    await cluster.settled({ 'app.kubernetes.io/component': 'control' }, 2);
    await cluster.shell('kubectl label namespace shop weir.dev/injection=enabled');
    await cluster.shell(
      'kubectl rollout restart -n shop deployment/native-tools-1 deployment/native-tools-2',
    );
    await cluster.shell('kubectl rollout status -n shop deployment/native-tools-1 deployment/native-tools-2');
  });

  it('ends with calls that are spread over three pods', async () => {
    await cluster.settled({ app: 'native-tools-2' }, 3);
    await cluster.settled({ app: 'native-tools-1' }, 1);
    const answers = await countAnswers(cluster, 30);
    assert.deepEqual(
      [...answers.keys()].sort(),
      cluster
        .pods({ app: 'native-tools-2' })
        .map(({ name }) => name)
        .sort(),
      JSON.stringify([...answers]),
    );
  });
});
