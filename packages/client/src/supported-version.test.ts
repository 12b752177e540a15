import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { loadedCopies } from './grpc-copies.js';
import type { GrpcJs } from './grpc-js.js';
import { supportedMinor } from './supported-version.js';

const require = createRequire(import.meta.url);
const copies = ['grpc-js-1.12', 'grpc-js-1.13', '@grpc/grpc-js'].map((name) => require(name) as GrpcJs);

describe('supportedMinor', () => {
  it('takes the minor from the version of the package', () => {
    assert.deepEqual(
      ['1.12.6', '1.13.0', '1.14.7'].map((version) => supportedMinor(copies[0]!, version)),
      [12, 13, 14],
    );
  });

  it('refuses any other version, and says what to install', () => {
    for (const version of ['1.11.3', '1.15.0', '2.14.0', 'x']) {
      assert.throws(
        () => supportedMinor(copies[0]!, version),
        /works with @grpc\/grpc-js 1\.12, 1\.13, 1\.14, and this is .*npm install @grpc\/grpc-js@~1\.14/,
      );
    }
  });

  it('tells the minor by what grpc-js has where a bundler has swallowed the package', () => {
    assert.deepEqual(
      copies.map((grpc) => supportedMinor(grpc, undefined)),
      [12, 13, 14],
    );
  });

  it('finds every copy that the process has loaded', () => {
    const versions = loadedCopies().map(({ version }) => version.replace(/\.\d+$/, ''));
    assert.deepEqual(versions.toSorted(), ['1.12', '1.13', '1.14']);
  });
});
