import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DomainIndex } from './domain-index.js';

function indexOf(...domains: string[]): DomainIndex<string> {
  const index = new DomainIndex<string>();
  for (const domain of domains) assert.equal(index.add(domain, domain), true);
  return index;
}

describe('DomainIndex', () => {
  it('searches exact names, then suffixes, then prefixes, then anything', () => {
    const domains = ['*', 'a.*', '*.example', 'a.example'];
    assert.equal(indexOf(...domains).find('a.example'), 'a.example');
    assert.equal(indexOf('*', 'a.*', '*.example').find('a.example'), '*.example');
    assert.equal(indexOf('*', 'a.*').find('a.example'), 'a.*');
    assert.equal(indexOf('*').find('a.example'), '*');
    assert.equal(indexOf('b.example').find('a.example'), undefined);
  });

  it('prefers the longer of two wildcards, in whatever order they were added', () => {
    const names: [string, string][] = [
      ['foo-bar.baz.com', '*-bar.baz.com'],
      ['foo.baz.com', '*.baz.com'],
      ['foo.com', '*.com'],
      ['one.two.three', 'one.two.*'],
      ['one.other', 'one.*'],
    ];
    const domains = ['*.com', '*-bar.baz.com', '*.baz.com', 'one.*', 'one.two.*'];
    for (const index of [indexOf(...domains), indexOf(...[...domains].reverse())]) {
      for (const [name, domain] of names) assert.equal(index.find(name), domain);
    }
  });

  it('lets a wildcard stand for one character at least', () => {
    assert.equal(indexOf('*-bar.foo.com').find('-bar.foo.com'), undefined);
    assert.equal(indexOf('*-bar.foo.com').find('x-bar.foo.com'), '*-bar.foo.com');
    assert.equal(indexOf('foo.*').find('foo.'), undefined);
  });

  it('takes the port as part of the name', () => {
    const index = indexOf('a.example:50051', 'b.example', '*.example:443');
    assert.equal(index.find('a.example'), undefined);
    assert.equal(index.find('a.example:50051'), 'a.example:50051');
    assert.equal(index.find('b.example:50051'), undefined);
    assert.equal(index.find('c.example:443'), '*.example:443');
  });

  it('does not look at case', () => {
    assert.equal(indexOf('A.example').find('a.EXAMPLE'), 'A.example');
    assert.equal(indexOf('*.Example').find('a.eXample'), '*.Example');
  });

  it('refuses a domain that it has already, and keeps the first owner', () => {
    for (const domain of ['a.example', '*.example', 'a.*', '*']) {
      const index = indexOf(domain);
      assert.equal(index.add(domain.toUpperCase(), 'second'), false);
      assert.equal(index.find('a.example'), domain);
    }
  });

  it('refuses what is no domain', () => {
    for (const domain of ['', 'a.*.b', '*.a.*', '**', 'a**', '*a*']) {
      assert.throws(() => new DomainIndex<string>().add(domain, 'x'), RangeError, domain);
    }
  });
});
