import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Dialer, parseHosts } from './dial.js';

test('each entry says where one name:port is dialled', () => {
  const hosts = parseHosts('native-tools-2:50051=127.0.0.1:41234, other:50051=10.0.0.1:80');
  assert.deepEqual(
    [...hosts],
    [
      ['native-tools-2:50051', '127.0.0.1:41234'],
      ['other:50051', '10.0.0.1:80'],
    ],
  );
});

test('an empty line maps nothing', () => {
  assert.equal(parseHosts('').size, 0);
});

for (const bad of ['native-tools-2:50051', '=127.0.0.1:1', 'a:1=b:2=c:3']) {
  test(`'${bad}' is refused by name`, () => {
    assert.throws(() => parseHosts(bad), /in GREETER_HOSTS is not name:port=host:port/);
  });
}

test('a service is dialled once and by its name, and the client is kept', (context) => {
  const dialer = new Dialer(parseHosts('native-tools-2:50051=127.0.0.1:41234'));
  context.after(() => dialer.close());
  const client = dialer.client('native-tools-2');
  assert.equal(dialer.client('native-tools-2'), client);
  assert.notEqual(dialer.client('native-tools-3'), client);
  assert.equal(client.getChannel().getTarget(), 'dns:127.0.0.1:41234');
});
