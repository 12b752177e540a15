import type * as grpcJs from '@grpc/grpc-js';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Every version of grpc-js that the library is for, as a program would have it. */
export const GRPC_JS_VERSIONS = ['grpc-js-1.12', 'grpc-js-1.13', '@grpc/grpc-js'].map((name) => {
  const { version } = require(`${name}/package.json`) as { version: string };
  return { version, grpc: require(name) as typeof grpcJs };
});
