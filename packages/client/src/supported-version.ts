import { type GrpcJs, SUPPORTED_MINORS, type SupportedMinor } from './grpc-js.js';

/**
 * The minor version of a copy of grpc-js.
 *
 * @param version as its package says; `undefined` for one whose package is not to be found, because a bundler
 *   has swallowed it: it is told by what it has
 * @throws {Error} for a version that this library does not know
 */
export function supportedMinor(grpc: GrpcJs, version: string | undefined): SupportedMinor {
  if (version === undefined) return minorByFeatures(grpc);
  const [major, minor] = version.split('.').map(Number);
  const known = SUPPORTED_MINORS.find((one) => one === minor);
  if (major === 1 && known !== undefined) return known;
  throw new Error(
    `@weir/client works with @grpc/grpc-js ${SUPPORTED_MINORS.map((one) => `1.${one}`).join(', ')}, and this is ` +
      `${version}: the interface for policies and resolvers differs from one minor version to the next. ` +
      `Install one of these: npm install @grpc/grpc-js@~1.${SUPPORTED_MINORS.at(-1)}`,
  );
}

function minorByFeatures({ experimental }: GrpcJs): SupportedMinor {
  if ('statusOrFromValue' in experimental) return 14;
  return 'SUBCHANNEL_ARGS_EXCLUDE_KEY_PREFIX' in experimental ? 13 : 12;
}
