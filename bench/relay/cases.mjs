const KIB = 1024;
const SMALL_UP = 7;
const SMALL_DOWN = 18;

/**
 * What is measured. `streams` are per connection; `up` and `down` are the bytes of the bodies; `target` is
 * the CPU per request that the project allows itself, as a share of HAProxy's.
 */
export const CASES = [
  unary('8x32', 8, 32, 1, 0.5),
  unary('32x1', 32, 1, 1, 1),
  unary('1x1', 1, 1, 1),
  unary('512x1', 512, 1, 1, 1.2),
  unary('8x32-3ep', 8, 32, 3),
  unary('32x1-3ep', 32, 1, 3),
  body('16k-down', '16 KiB down', SMALL_UP, 16 * KIB, 8),
  body('16k-up', '16 KiB up', 16 * KIB, SMALL_DOWN, 8),
  body('1m-down', '1 MiB down', SMALL_UP, KIB * KIB, 2, 0.8),
  body('1m-up', '1 MiB up', KIB * KIB, SMALL_DOWN, 2, 0.8),
];

function unary(name, connections, streams, endpoints, target) {
  const title = `unary small, ${connections}×${streams}, ${endpoints === 1 ? '1 endpoint' : `${endpoints} endpoints`}`;
  return { name, title, connections, streams, endpoints, up: SMALL_UP, down: SMALL_DOWN, target };
}

function body(name, words, up, down, streams, target) {
  return {
    name,
    title: `${words}, 4×${streams}, 1 endpoint`,
    connections: 4,
    streams,
    endpoints: 1,
    up,
    down,
    target,
  };
}
