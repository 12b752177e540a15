/**
 * Preloaded (`node --import`) into every process that the demo starts: ends the process when its standard
 * input closes. The demo holds the other end of that pipe, so nothing it started outlives it, however it
 * dies, even by `kill -9`.
 */
process.stdin.once('close', () => process.exit(1));
process.stdin.resume();
// Only for this pipe a process that has nothing else to do need not stay.
(process.stdin as typeof process.stdin & { unref(): void }).unref();

export {};
