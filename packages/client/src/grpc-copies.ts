import { readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** A copy of grpc-js that this process has loaded. Two of them know nothing of each other's policies. */
export interface GrpcCopy {
  readonly folder: string;
  readonly version: string;
  readonly exports: object;
}

const ENTRY = /[/\\]build[/\\]src[/\\]index\.js$/;

/** Every copy of grpc-js that has been loaded so far, except those that a bundler has put into another file. */
export function loadedCopies(): readonly GrpcCopy[] {
  const copies: GrpcCopy[] = [];
  // One cache serves all of the process.
  for (const [file, module] of Object.entries(createRequire(import.meta.url).cache)) {
    if (module === undefined || !ENTRY.test(file) || !module.loaded) continue;
    const folder = dirname(dirname(dirname(file)));
    const { name, version } = readManifest(folder);
    if (name === '@grpc/grpc-js') copies.push({ folder, version, exports: module.exports as object });
  }
  return copies;
}

/** Where the program itself would find grpc-js; `undefined` when it would not. */
export function copyOfProgram(program: string | undefined): string | undefined {
  if (program === undefined) return undefined;
  try {
    const entry = createRequire(realpathSync(program)).resolve('@grpc/grpc-js');
    return dirname(dirname(dirname(entry)));
  } catch {
    return undefined;
  }
}

function readManifest(folder: string): { readonly name: string; readonly version: string } {
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return { name: '', version: '', ...(manifest as object) };
  } catch {
    return { name: '', version: '' };
  }
}
