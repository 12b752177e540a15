import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeHttpProtocolOptions } from './generated/envoy.extensions.upstreams.http.v3.js';
import { clusterResource, endpointResource } from './resource.js';
import { jsonOfStruct, structOf } from './struct.js';
import { anyToJson } from './to-json.js';
import { HTTP_PROTOCOL_OPTIONS, TYPE_HTTP_PROTOCOL_OPTIONS } from './type-urls.js';

test('a cluster is rendered with durations as text, wrappers as values and each Any opened up', () => {
  const options = encodeHttpProtocolOptions({ explicitHttpConfig: { http2ProtocolOptions: {} } });
  const { typeUrl, bytes } = clusterResource({
    name: 'a',
    type: 'EDS',
    connectTimeout: { seconds: 5, nanos: 25_000_000 },
    cleanupInterval: { seconds: 0 },
    perConnectionBufferLimitBytes: { value: 1024 },
    leastRequestLbConfig: { choiceCount: {} },
    typedExtensionProtocolOptions: {
      [HTTP_PROTOCOL_OPTIONS]: { typeUrl: TYPE_HTTP_PROTOCOL_OPTIONS, value: options },
    },
  });
  assert.deepEqual(anyToJson({ typeUrl, value: bytes }), {
    '@type': typeUrl,
    name: 'a',
    type: 'EDS',
    connectTimeout: '5.025s',
    cleanupInterval: '0s',
    perConnectionBufferLimitBytes: 1024,
    leastRequestLbConfig: { choiceCount: 0 },
    typedExtensionProtocolOptions: {
      [HTTP_PROTOCOL_OPTIONS]: {
        '@type': TYPE_HTTP_PROTOCOL_OPTIONS,
        explicitHttpConfig: { http2ProtocolOptions: {} },
      },
    },
  });
});

test('a Struct is rendered as the JSON it stands for', () => {
  const weir = { pod: 'p', nested: { list: [1, null, true, 'x'] } };
  const { typeUrl, bytes } = endpointResource({
    clusterName: 'a',
    endpoints: [{ lbEndpoints: [{ metadata: { filterMetadata: { weir: structOf(weir) } } }] }],
  });
  assert.deepEqual(anyToJson({ typeUrl, value: bytes }), {
    '@type': typeUrl,
    clusterName: 'a',
    endpoints: [{ lbEndpoints: [{ metadata: { filterMetadata: { weir } } }] }],
  });
});

test('an Any of an unknown type shows its bytes', () => {
  const any = { typeUrl: 'type.googleapis.com/acme.Secret', value: Uint8Array.of(1, 2) };
  assert.deepEqual(anyToJson(any), { '@type': any.typeUrl, value: 'AQI=' });
});

test('a key named __proto__ is a key like any other', () => {
  const object = JSON.parse('{"__proto__": {"polluted": 1}, "a": 2}');
  const back = jsonOfStruct(structOf(object));
  assert.equal(JSON.stringify(back), '{"__proto__":{"polluted":1},"a":2}');
  assert.equal(Object.getPrototypeOf(back), Object.prototype);
});
