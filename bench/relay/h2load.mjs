import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { start, stop } from './children.mjs';

/**
 * Runs h2load once and reads what it says.
 *
 * @param load - `scheme`, `port`, `path`, `bodyFile`, `connections`, `streams`, `requests`, and for a fixed rate `ratePerSecond`
 * @param directory - where the log of the requests is put for a moment
 * @param limitMs - the run is broken off after this
 * @returns requests per second, latencies in microseconds, bytes of DATA received
 * @throws when it does not end in time, or when any request was not answered with 2xx
 */
export async function runH2load(load, directory, limitMs) {
  const log = join(directory, `h2load-${process.hrtime.bigint()}.tsv`);
  const args = [
    ...['-n', String(load.requests), '-c', String(load.connections), '-m', String(load.streams)],
    ...['-t', '1', '-d', load.bodyFile, `--log-file=${log}`],
    ...['-H', 'te: trailers', '-H', 'content-type: application/grpc', '-H', 'user-agent: grpc-bench/1.0'],
  ];
  if (load.ratePerSecond !== undefined) {
    args.push(`--rps=${Math.max(1, Math.round(load.ratePerSecond / load.connections))}`);
  }
  const child = start('h2load', [...args, `${load.scheme}://127.0.0.1:${load.port}${load.path}`]);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  const timer = setTimeout(() => void stop(child), limitMs);
  const code = await child.ended;
  clearTimeout(timer);
  await stop(child);
  try {
    if (code !== 0)
      throw new Error(`h2load did not end well within ${limitMs} ms (${code}): ${child.lastWords}`);
    const result = readOutput(output, load.requests);
    return { ...result, latencies: await readLatencies(log) };
  } finally {
    await rm(log, { force: true });
  }
}

function readOutput(output, requests) {
  const line = /^requests: .*$/m.exec(output)?.[0] ?? '';
  const statuses = /^status codes: .*$/m.exec(output)?.[0] ?? '';
  const counted = (text, word) => Number(new RegExp(`(\\d+) ${word}`).exec(text)?.[1] ?? NaN);
  const good =
    counted(line, 'succeeded') === requests &&
    counted(line, 'failed') === 0 &&
    counted(line, 'errored') === 0 &&
    counted(line, 'timeout') === 0 &&
    counted(statuses, '2xx') === requests;
  if (!good) throw new Error(`requests failed: ${line}; ${statuses}`);
  const seconds = /^finished in ([\d.]+)(us|ms|s), /m.exec(output);
  const scale = { us: 1e-6, ms: 1e-3, s: 1 }[seconds[2]];
  return {
    requestsPerSecond: requests / (Number(seconds[1]) * scale),
    dataBytes: Number(/\((\d+)\) data/.exec(output)[1]),
  };
}

async function readLatencies(path) {
  const text = await readFile(path, 'latin1');
  const micros = new Float64Array(countLines(text));
  let at = 0;
  for (let index = 0; index < micros.length; index++) {
    const end = text.indexOf('\n', at);
    micros[index] = Number(text.slice(text.lastIndexOf('\t', end) + 1, end));
    at = end + 1;
  }
  return micros.sort();
}

function countLines(text) {
  let lines = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}
