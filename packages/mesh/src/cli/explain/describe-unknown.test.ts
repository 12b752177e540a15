import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from '../../control/registry/registry.js';
import { ManifestSet } from '../../kube/directory/manifest-set.js';
import { describeUnknown } from './describe-unknown.js';

const service = (name: string, namespace: string, ports: string) =>
  `{apiVersion: v1, kind: Service, metadata: {name: ${name}, namespace: ${namespace}}, spec: {ports: [${ports}]}}\n`;

const set = new ManifestSet();
set.put('greeter.yaml', service('greeter', 'shop', '{name: grpc, port: 50051}, {name: tcp-db, port: 5432}'));
set.put(
  'hidden.yaml',
  `{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: hidden, namespace: default},
 spec: {hosts: [hidden.example], exportTo: ['.'], resolution: STATIC, ports: [{name: grpc, number: 1, protocol: GRPC}]}}\n`,
);
const model = new Registry().update(set.objects);
const unknown = (host: string, port: number, namespace = 'shop') =>
  describeUnknown(model, { host, port }, namespace);

describe('where nobody answers', () => {
  it('a name that is nearly right is put right', () => {
    assert.match(unknown('greter', 50051), /^no service has the name "greter" .*; did you mean "greeter"\?$/);
  });

  it('a short name of another namespace is given in full', () => {
    assert.match(
      unknown('greeter', 50051, 'default'),
      /for a client in namespace default; did you mean "greeter\.shop\.svc\.cluster\.local"\?$/,
    );
  });

  it('a name like none asks for its objects', () => {
    assert.match(unknown('elsewhere.example', 50051), /put its Service or ServiceEntry into the directory/);
  });

  it('a port that the service does not have is told with those it has', () => {
    assert.equal(unknown('greeter', 50052), 'Service shop/greeter has no port 50052; did you mean 50051?');
  });

  it('a port that carries no requests is told with what to do', () => {
    assert.match(unknown('Greeter', 5432), /^port 5432 of Service shop\/greeter is tcp: .*appProtocol/);
  });

  it('a service kept from the caller is told as such', () => {
    assert.match(
      unknown('hidden.example', 1),
      /^ServiceEntry default\/hidden is not exported to namespace shop/,
    );
  });
});
