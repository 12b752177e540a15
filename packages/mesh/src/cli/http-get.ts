import { get } from 'node:http';
import type { Agent } from 'node:http';
import { text } from 'node:stream/consumers';

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

const TIMEOUT_MS = 5_000;

/**
 * GETs a URL, which must be answered within five seconds.
 *
 * @param agent keeps connections between calls; without one each call has its own.
 */
export function httpGet(url: string, agent?: Agent): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: agent ?? false }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    request.setTimeout(TIMEOUT_MS, () =>
      request.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)),
    );
    request.on('error', reject);
  });
}
