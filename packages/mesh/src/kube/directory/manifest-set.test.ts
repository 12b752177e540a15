import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatProblem } from '../problem.js';
import { ManifestSet } from './manifest-set.js';

const service = (name: string, port: number | string = 50051) =>
  `apiVersion: v1\nkind: Service\nmetadata:\n  name: ${name}\nspec:\n  ports:\n    - port: ${port}\n`;

const keys = (set: ManifestSet) => set.objects.map((each) => each.key);

function reportsOf(set: ManifestSet): string[] {
  return set
    .takeReports()
    .flatMap((report) =>
      report.event === 'fixed' ? [`${report.file} fixed`] : report.problems.map(formatProblem),
    );
}

test('removing a file removes its objects', () => {
  const set = new ManifestSet();
  assert.equal(set.put('a.yaml', service('a')), true);
  set.put('b.yaml', service('b'));
  assert.deepEqual(keys(set), ['Service default/a', 'Service default/b']);
  assert.equal(set.remove('a.yaml'), true);
  assert.deepEqual(keys(set), ['Service default/b']);
});

test('an invalid text leaves the last good objects in force; it is reported once, when it changes, and when it is fixed', () => {
  const set = new ManifestSet();
  set.put('a.yaml', service('a'));
  const before = set.objects;
  assert.equal(set.put('a.yaml', service('a', 'x')), false);
  assert.deepEqual(set.objects, before);
  assert.deepEqual(reportsOf(set), ['a.yaml:7:7: spec.ports[0].port: must be a whole number, not "x"']);
  set.put('a.yaml', service('a', 'x'));
  assert.deepEqual(reportsOf(set), []);
  set.put('a.yaml', service('a', 'y'));
  assert.deepEqual(reportsOf(set), ['a.yaml:7:7: spec.ports[0].port: must be a whole number, not "y"']);
  assert.equal(set.put('a.yaml', service('a', 2)), true);
  assert.deepEqual(reportsOf(set), ['a.yaml fixed']);
  assert.deepEqual(reportsOf(set), []);
});

test('a change that changes no object is no change, and objects that did not change keep their identity', () => {
  const set = new ManifestSet();
  set.put('a.yaml', `${service('a')}---\n${service('b')}`);
  const [a, b] = set.objects;
  assert.equal(set.put('a.yaml', `# more\n${service('a')}---\n${service('b')}`), false);
  assert.equal(set.put('a.yaml', `${service('a')}---\n${service('b', 7)}`), true);
  assert.equal(set.objects[0]?.object, a?.object);
  assert.notEqual(set.objects[1]?.object, b?.object);
});

test('of an object in two files the first one stays, and both are named', () => {
  const set = new ManifestSet();
  set.put('b.yaml', service('a', 1));
  set.put('a.yaml', service('a', 2));
  assert.deepEqual(
    set.objects.map((each) => each.file),
    ['b.yaml'],
  );
  assert.deepEqual(reportsOf(set), [
    'a.yaml:1:1: Service default/a is already defined at b.yaml:1, which stays in force; remove one of the two',
  ]);
});

test('when the first of two doubles goes the other one takes its place', () => {
  const set = new ManifestSet();
  set.put('b.yaml', service('a', 1));
  set.put('a.yaml', service('a', 2));
  reportsOf(set);
  assert.equal(set.remove('b.yaml'), true);
  assert.deepEqual(
    set.objects.map((each) => each.file),
    ['a.yaml'],
  );
  assert.deepEqual(reportsOf(set), ['a.yaml fixed']);
});

test('a file that cannot be read keeps its objects', () => {
  const set = new ManifestSet();
  set.put('a.yaml', service('a'));
  assert.equal(set.fail('a.yaml', 'the file cannot be read: EACCES'), false);
  assert.deepEqual(keys(set), ['Service default/a']);
  assert.deepEqual(reportsOf(set), ['a.yaml: the file cannot be read: EACCES']);
});

test('a file emptied or cut within a line keeps its objects and says why', () => {
  const set = new ManifestSet();
  set.put('a.yaml', service('a'));
  assert.equal(set.put('a.yaml', ''), false);
  assert.match(reportsOf(set)[0] ?? '', /^a\.yaml: the file is empty, so its last objects stay in force/);
  assert.equal(set.put('a.yaml', service('a').slice(0, -2)), false);
  assert.match(reportsOf(set)[0] ?? '', /^a\.yaml: the file ends in the middle of a line/);
  assert.deepEqual(keys(set), ['Service default/a']);
});
