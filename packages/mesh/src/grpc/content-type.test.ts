import assert from 'node:assert/strict';
import { it } from 'node:test';
import { HeaderBlock } from '../http2/header-block.js';
import { HeaderField } from '../http2/hpack/header-field.js';
import { isGrpc } from './content-type.js';

const withType = (...values: string[]): HeaderBlock =>
  new HeaderBlock(values.map((value) => new HeaderField('content-type', value)));

it('knows gRPC by its content-type, whatever the encoding of messages', () => {
  for (const type of [
    'application/grpc',
    'application/grpc+proto',
    'application/grpc+json',
    'application/grpc;x=1',
  ])
    assert.ok(isGrpc(withType(type)), type);
});

it('does not take gRPC-Web or anything else for gRPC', () => {
  for (const type of [
    'application/grpc-web',
    'application/grpc-web+proto',
    'application/grpcx',
    'application/json',
    '',
  ])
    assert.ok(!isGrpc(withType(type)), type);
  assert.ok(!isGrpc(withType()));
});
