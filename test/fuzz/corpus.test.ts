import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { seededRandom } from '@weir/core';
import { repositoryRoot } from '../support/node-process.js';
import { frameTarget } from './frame-target.js';
import { hpackTarget } from './hpack-target.js';
import { mutate } from './mutate.js';

describe('the fuzz targets', () => {
  for (const target of [frameTarget, hpackTarget]) {
    const folder = join(repositoryRoot, 'test/fuzz/corpus', target.name);
    const corpus = readdirSync(folder).map((file) => readFileSync(join(folder, file)));

    it(`${target.name}: hold for each input of the corpus and for some near to it`, () => {
      const random = seededRandom(1);
      assert.ok(corpus.length > 20);
      for (const input of corpus) {
        target.run(input, random);
        for (let count = 0; count < 20; count++) target.run(mutate(input, input, random), random);
      }
    });
  }
});
