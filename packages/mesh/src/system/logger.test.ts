import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger, type LoggerOptions } from './logger.js';

const noon = new Date(2024, 4, 6, 12, 3, 4, 56).getTime();

function logged(options: LoggerOptions) {
  const lines: string[] = [];
  return {
    lines,
    logger: createLogger({ ...options, wallMs: () => noon, write: (line) => lines.push(line) }),
  };
}

test('a text line has the local time, the level, the message and its fields', () => {
  const { lines, logger } = logged({});
  logger.warn('endpoint removed', { address: '10.0.0.7:50051', inFlight: 3, pod: undefined });
  assert.deepEqual(lines, ['12:03:04.056 WARN  endpoint removed address=10.0.0.7:50051 inFlight=3\n']);
});

test('a value that is not plain text is quoted and cannot start a new line', () => {
  const { lines, logger } = logged({});
  logger.info('one\ntwo', { reason: 'a b', injected: 'x\n12:00:00.000 ERROR', quoted: 'k="v"', empty: '' });
  assert.deepEqual(lines, [
    '12:03:04.056 INFO  one two reason="a b" injected="x\\n12:00:00.000 ERROR" quoted="k=\\"v\\"" empty=""\n',
  ]);
});

test('an error prints as its message', () => {
  const { lines, logger } = logged({ format: 'json' });
  logger.error('connect failed', { error: new Error('refused') });
  assert.deepEqual(JSON.parse(lines[0] ?? ''), {
    time: new Date(noon).toISOString(),
    level: 'error',
    message: 'connect failed',
    error: 'refused',
  });
});

test('what is below the level is not written', () => {
  const { lines, logger } = logged({ level: 'warn' });
  logger.debug('no');
  logger.info('no');
  logger.warn('yes');
  assert.equal(lines.length, 1);
});
