import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '@weir/core/testing';
import { formatProblem } from '../problem.js';
import { DirectorySource } from './directory-source.js';
import type { FileAccess, FileStamp, Listing } from './file-access.js';

const service = (name: string, port = 50051) =>
  `apiVersion: v1\nkind: Service\nmetadata:\n  name: ${name}\nspec:\n  ports:\n    - port: ${port}\n`;

const slice = (addresses: readonly string[]) =>
  `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: a
  labels: {kubernetes.io/service-name: a}
addressType: IPv4
ports:
  - port: 50051
endpoints:
${addresses.map((address) => `  - addresses: [${address}]\n    zone: a\n`).join('')}`;

class MemoryFiles implements FileAccess {
  readonly files = new Map<string, { bytes: Uint8Array; stamp: FileStamp }>();
  readonly unreadable = new Map<string, string>();
  readonly #clock: FakeClock;
  #inodes = 0;
  #onEvent: ((path: string | undefined) => void) | undefined;
  lost: string | undefined;
  /** Runs when a file is read, before its stamp is taken. */
  onRead: () => void = () => {};
  reads = 0;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  /** Writes in place, as a shell's redirection does. */
  write(path: string, content: string | Uint8Array): void {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    const inode = this.files.get(path)?.stamp.inode ?? ++this.#inodes;
    this.files.set(path, {
      bytes,
      stamp: { sizeBytes: bytes.length, modifiedMs: this.#clock.wallMs(), inode },
    });
  }

  /** Renames a complete file over the old one. */
  replace(path: string, content: string): void {
    this.files.delete(path);
    this.write(path, content);
  }

  event(path?: string): void {
    this.#onEvent?.(path);
  }

  get isWatched(): boolean {
    return this.#onEvent !== undefined;
  }

  list(): Promise<Listing> {
    if (this.lost !== undefined) return Promise.reject(new Error(this.lost));
    const files = new Map([...this.files].map(([path, { stamp }]) => [path, stamp]));
    for (const path of files.keys()) {
      for (const directory of this.unreadable.keys())
        if (path.startsWith(`${directory}/`)) files.delete(path);
    }
    return Promise.resolve({ files, unreadable: new Map(this.unreadable) });
  }

  read(path: string): Promise<{ bytes: Uint8Array; stamp: FileStamp }> {
    this.reads++;
    const bytes = this.files.get(path)?.bytes;
    this.onRead();
    const file = this.files.get(path);
    if (file === undefined || bytes === undefined)
      return Promise.reject(Object.assign(new Error('gone'), { code: 'ENOENT' }));
    return Promise.resolve({ bytes, stamp: file.stamp });
  }

  watch(onEvent: (path: string | undefined) => void): { close(): void } {
    this.#onEvent = onEvent;
    return { close: () => (this.#onEvent = undefined) };
  }
}

async function setUp(initial: Record<string, string> = {}) {
  const clock = new FakeClock();
  const files = new MemoryFiles(clock);
  for (const [path, text] of Object.entries(initial)) files.write(path, text);
  const log: string[] = [];
  const source = new DirectorySource({
    files,
    clock,
    onChange: () => log.push('change'),
    onReport: (report) => {
      if (report.event === 'problems') log.push(...report.problems.map(formatProblem));
      else log.push(`${report.event} ${'file' in report ? report.file : report.path}`);
    },
  });
  // Long ago, so that no file counts as written just now.
  clock.advance(10_000);
  await source.start();
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 10) {
      clock.advance(10);
      await source.idle();
    }
  };
  const addresses = () =>
    source.objects.flatMap(({ object }) =>
      object.kind === 'EndpointSlice' ? object.endpoints.flatMap((each) => each.addresses) : [],
    );
  return { clock, files, source, log, pass, addresses, keys: () => source.objects.map((each) => each.key) };
}

test('everything that is there is loaded before start resolves', async () => {
  const { keys, log } = await setUp({ 'b.yaml': service('b'), 'sub/a.yaml': service('a') });
  assert.deepEqual(keys(), ['Service default/b', 'Service default/a']);
  assert.deepEqual(log, []);
});

test('start rejects when the directory is not there, and leaves nothing running', async () => {
  const clock = new FakeClock();
  const files = new MemoryFiles(clock);
  files.lost = 'ENOENT';
  const source = new DirectorySource({ files, clock, onChange: () => {}, onReport: () => {} });
  await assert.rejects(source.start(), /ENOENT/);
  assert.equal(files.isWatched, false);
  assert.equal(clock.pendingTimers, 0);
});

test('a change that an event tells of is read once the file has been still for 50 ms', async () => {
  const { files, log, pass, keys } = await setUp();
  files.write('a.yaml', service('a'));
  files.event('a.yaml');
  await pass(40);
  assert.deepEqual(log, []);
  await pass(70);
  assert.deepEqual(log, ['change']);
  assert.deepEqual(keys(), ['Service default/a']);
});

test('a change without an event is found within a second and a bit', async () => {
  const { files, log, pass } = await setUp({ 'a.yaml': service('a') });
  files.write('a.yaml', service('a', 7));
  await pass(1100);
  assert.deepEqual(log, ['change']);
});

test('a file in the midst of being written is left alone', async () => {
  const { files, pass, source } = await setUp({ 'a.yaml': service('a') });
  for (let step = 0; step < 10; step++) {
    files.write('a.yaml', service(`a${step}`).slice(0, 60 + step));
    files.event('a.yaml');
    await pass(30);
  }
  assert.equal(files.reads, 1);
  assert.deepEqual(source.problems, []);
});

test('a file that never comes to rest is read after a second all the same', async () => {
  const { files, pass, keys } = await setUp();
  for (let step = 0; step < 50; step++) {
    files.write('a.yaml', service('a', 1000 + step));
    files.event('a.yaml');
    await pass(30);
  }
  assert.deepEqual(keys(), ['Service default/a']);
});

test('a file written to while it is read is read again', async () => {
  const { files, pass, addresses } = await setUp();
  files.write('a.yaml', slice(['10.0.0.1']));
  files.onRead = () => {
    files.onRead = () => {};
    files.write('a.yaml', slice(['10.0.0.1', '10.0.0.2']));
  };
  files.event('a.yaml');
  await pass(300);
  assert.deepEqual(addresses(), ['10.0.0.1', '10.0.0.2']);
  assert.equal(files.reads, 2);
});

test('a write that leaves size and time as they were is found through its event', async () => {
  const { files, pass, source, log } = await setUp({ 'a.yaml': service('a', 1111) });
  const { stamp } = files.files.get('a.yaml')!;
  files.files.set('a.yaml', { bytes: Buffer.from(service('a', 2222)), stamp });
  files.event('a.yaml');
  await pass(150);
  assert.deepEqual(log, ['change']);
  assert.match(JSON.stringify(source.objects), /2222/);
});

test('a file read within its modification second is read once more', async () => {
  const { files, pass, source } = await setUp();
  files.write('a.yaml', service('a', 1111));
  files.event('a.yaml');
  await pass(150);
  const { stamp } = files.files.get('a.yaml')!;
  files.files.set('a.yaml', { bytes: Buffer.from(service('a', 2222)), stamp });
  await pass(4000);
  assert.match(JSON.stringify(source.objects), /2222/);
  const { reads } = files;
  await pass(4000);
  assert.equal(files.reads, reads);
});

test('removing a file removes its objects, but a save by renaming away and back does not', async () => {
  const { files, pass, keys, log } = await setUp({ 'a.yaml': service('a') });
  const file = files.files.get('a.yaml')!;
  files.files.delete('a.yaml');
  files.event('a.yaml');
  await pass(60);
  files.files.set('a.yaml', file);
  files.event('a.yaml');
  await pass(2000);
  assert.deepEqual(log, []);
  files.files.delete('a.yaml');
  files.event('a.yaml');
  await pass(150);
  assert.deepEqual(log, ['change']);
  assert.deepEqual(keys(), []);
});

test('a typo changes nothing, is reported once, and so is its correction', async () => {
  const { files, pass, keys, log } = await setUp({ 'a.yaml': service('a') });
  files.write('a.yaml', service('a').replace('ports', 'prots'));
  await pass(3000);
  assert.deepEqual(keys(), ['Service default/a']);
  assert.deepEqual(log, ['a.yaml:6:3: spec.prots: unknown field "prots"; did you mean "ports"?']);
  files.write('a.yaml', service('a'));
  await pass(3000);
  assert.deepEqual(log.slice(1), ['fixed a.yaml']);
});

test('a directory that cannot be listed any more keeps everything in force and is reported once', async () => {
  const { files, pass, keys, log } = await setUp({ 'a.yaml': service('a') });
  files.lost = 'EIO';
  await pass(5000);
  assert.deepEqual(keys(), ['Service default/a']);
  assert.deepEqual(log, ['directory-lost ']);
  files.lost = undefined;
  await pass(2000);
  assert.deepEqual(log, ['directory-lost ', 'directory-back ']);
});

test('the files of a sub-directory that cannot be listed stay in force', async () => {
  const { files, pass, keys, log } = await setUp({ 'sub/a.yaml': service('a') });
  files.unreadable.set('sub', 'EACCES');
  await pass(3000);
  assert.deepEqual(keys(), ['Service default/a']);
  assert.deepEqual(log, ['directory-lost sub']);
});

test('a file that is not UTF-8 text is reported and changes nothing', async () => {
  const { files, pass, keys, log } = await setUp({ 'a.yaml': service('a') });
  files.write('a.yaml', Buffer.from([0x61, 0x3a, 0xff, 0x0a]));
  await pass(3000);
  assert.deepEqual(keys(), ['Service default/a']);
  assert.deepEqual(log, ['a.yaml: the file cannot be read: it is not UTF-8 text']);
});

test('a file that could not be read is tried again, since a change of rights leaves no mark', async () => {
  const { files, pass, keys, log } = await setUp();
  files.onRead = () => {
    throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
  };
  files.write('a.yaml', service('a'));
  await pass(1500);
  assert.equal(log.length, 1);
  files.onRead = () => {};
  await pass(1500);
  assert.deepEqual(keys(), ['Service default/a']);
  assert.deepEqual(log.slice(1), ['fixed a.yaml', 'change']);
});

test('a file cut off at any byte and completed soon after never loses an endpoint in between', async () => {
  const whole = slice(['10.0.0.1', '10.0.0.2', '10.0.0.3']);
  const { files, pass, addresses, log } = await setUp({ 'a.yaml': whole });
  for (let length = 0; length < whole.length; length++) {
    files.write('a.yaml', whole.slice(0, length));
    files.event('a.yaml');
    await pass(200);
    assert.deepEqual(addresses(), ['10.0.0.1', '10.0.0.2', '10.0.0.3'], `cut at byte ${length}`);
    files.write('a.yaml', whole);
    files.event('a.yaml');
    await pass(100);
  }
  assert.ok(!log.includes('change'));
});

test('a file that stays cut off within a line, or empty, never loses an endpoint', async () => {
  const whole = slice(['10.0.0.1', '10.0.0.2']);
  const { files, pass, addresses, log } = await setUp({ 'a.yaml': whole });
  for (let length = 0; length < whole.length; length++) {
    if (whole[length - 1] === '\n') continue;
    files.write('a.yaml', whole.slice(0, length));
    files.event('a.yaml');
    await pass(400);
    assert.deepEqual(addresses(), ['10.0.0.1', '10.0.0.2'], `cut at byte ${length}`);
  }
  assert.ok(!log.includes('change'));
});

test('taking the last endpoint off in place takes effect after a moment of doubt', async () => {
  const { files, pass, addresses } = await setUp({ 'a.yaml': slice(['10.0.0.1', '10.0.0.2']) });
  files.write('a.yaml', slice(['10.0.0.1']));
  files.event('a.yaml');
  await pass(200);
  assert.deepEqual(addresses(), ['10.0.0.1', '10.0.0.2']);
  await pass(150);
  assert.deepEqual(addresses(), ['10.0.0.1']);
});

test('a whole file renamed into place is not doubted', async () => {
  const { files, pass, addresses } = await setUp({ 'a.yaml': slice(['10.0.0.1', '10.0.0.2']) });
  files.replace('a.yaml', slice(['10.0.0.1']));
  files.event('a.yaml');
  await pass(120);
  assert.deepEqual(addresses(), ['10.0.0.1']);
});

test('after close nothing is left running', async () => {
  const { files, clock, source } = await setUp({ 'a.yaml': service('a') });
  source.close();
  assert.equal(clock.pendingTimers, 0);
  assert.equal(files.isWatched, false);
});
