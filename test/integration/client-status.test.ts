import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ChannelCredentials, makeGenericClientConstructor, type ServiceError } from '@grpc/grpc-js';
import { systemClock } from 'weir/dist/system/clock.js';
import { createLogger } from 'weir/dist/system/logger.js';
import {
  decodeClientStatusResponse,
  type ClientStatusRequest,
  type ClientStatusResponse,
} from 'weir/dist/xds/generated/envoy.service.status.v3.js';
import { clusterResource } from 'weir/dist/xds/resource.js';
import { AdsServer } from 'weir/dist/xds/server/ads-server.js';
import { clientStatusHandlers, clientStatusService } from 'weir/dist/xds/server/client-status-service.js';
import { buildSnapshot } from 'weir/dist/xds/snapshot.js';
import { TYPE_CLUSTER } from 'weir/dist/xds/type-urls.js';
import { RawAdsClient } from '../support/ads.js';
import { until } from '../support/until.js';

const Stub = makeGenericClientConstructor(clientStatusService, 'ClientStatusDiscoveryService');
const cluster = (seconds: number) => clusterResource({ name: 'a', connectTimeout: { seconds } });

describe('ClientStatusDiscoveryService', () => {
  const ads = new AdsServer({
    clock: systemClock,
    logger: createLogger({ level: 'error', write: () => {} }),
  });
  let stub: InstanceType<typeof Stub>;
  let client: RawAdsClient;

  before(async () => {
    ads.grpc.addService(
      clientStatusService,
      clientStatusHandlers(() => ads.streams),
    );
    const port = await ads.listen('127.0.0.1', 0);
    stub = new Stub(`127.0.0.1:${port}`, ChannelCredentials.createInsecure());
    client = new RawAdsClient(port);
  });
  after(() => {
    client.close();
    stub.close();
    ads.destroy();
  });

  function fetch(request: ClientStatusRequest): Promise<ClientStatusResponse> {
    return new Promise((resolve, reject) => {
      stub['fetchClientStatus']?.(request, (error: ServiceError | null, bytes: Buffer) => {
        if (error === null) resolve(decodeClientStatusResponse(bytes));
        else reject(error);
      });
    });
  }

  it('tells what a client has acknowledged, and after a NACK what it stays with and what it refused', async () => {
    ads.setSnapshot(buildSnapshot([cluster(1)]));
    client.request({ node: { id: 'web' }, typeUrl: TYPE_CLUSTER });
    await until('the cluster comes', () => client.responses.length === 1);
    const first = client.take(TYPE_CLUSTER) ?? assert.fail();
    client.ack(first);
    await until('it is synced', async () => {
      const { config = [] } = await fetch({});
      return config[0]?.genericXdsConfigs?.[0]?.configStatus === 'SYNCED';
    });
    ads.setSnapshot(buildSnapshot([cluster(2)]));
    await until('the change comes', () => client.responses.length === 1);
    const { nonce } = client.take(TYPE_CLUSTER) ?? assert.fail();
    client.request({
      typeUrl: TYPE_CLUSTER,
      responseNonce: nonce,
      errorDetail: { code: 3, message: 'too long' },
    });
    await until('it is refused', async () => {
      const { config = [] } = await fetch({});
      return config[0]?.genericXdsConfigs?.[0]?.configStatus === 'ERROR';
    });
    const [found] = (await fetch({})).config?.[0]?.genericXdsConfigs ?? [];
    assert.deepEqual(found?.xdsConfig?.value, Buffer.from(cluster(1).bytes));
    assert.deepEqual(found?.errorState?.failedConfiguration?.value, Buffer.from(cluster(2).bytes));
    assert.equal(found?.errorState?.details, 'too long');
  });

  it('tells only of nodes asked for, without contents where they are not wanted', async () => {
    const nobody = await fetch({ nodeMatchers: [{ nodeId: { exact: 'other' } }] });
    assert.deepEqual(nobody.config ?? [], []);
    const brief = await fetch({
      nodeMatchers: [{ nodeId: { prefix: 'we' } }],
      excludeResourceContents: true,
    });
    assert.equal(brief.config?.length, 1);
    assert.equal(brief.config?.[0]?.genericXdsConfigs?.[0]?.xdsConfig, undefined);
  });
});
