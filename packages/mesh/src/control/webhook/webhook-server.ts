import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { KeyPair } from '../../identity/certificates.js';
import { type AdmissionReview, reviewPod } from '../../inject/review-pod.js';
import type { InjectSettings } from '../../inject/settings.js';
import { INJECT_BY_NAMESPACE_PATH, INJECT_BY_POD_PATH, VALIDATE_PATH } from '../../install/webhooks.js';
import type { Logger } from '../../system/logger.js';
import { type ListenPlace, listenOptions } from '../../transport/listen-options.js';
import { type Judge, reviewPolicy } from './review-policy.js';

export interface WebhookServerOptions {
  /** `*` is every address of either family. */
  readonly host: string;
  readonly port: number;
  readonly inject: InjectSettings;
  /** What is wrong with an object, as `weir analyze` would say it. */
  readonly judge: Judge;
  readonly logger: Logger;
}

export interface WebhookServer {
  readonly address: AddressInfo;
  /** Takes effect with the next connection. */
  setCertificate(pair: KeyPair): void;
  close(): Promise<void>;
}

/** A pod is a few KiB; the API server itself takes no object above 1.5 MiB. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Serves the webhooks of injection and validation over TLS, from when there is a certificate.
 *
 * @throws when the port cannot be bound
 */
export async function listenWebhooks(options: WebhookServerOptions): Promise<WebhookServer> {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    void answer(request, response, options);
  });
  // Whoever comes before the certificate fails to agree on one, and comes again.
  server.on('tlsClientError', (error) => options.logger.debug('a webhook connection failed', { error }));
  await listen(server, options);
  return {
    address: server.address() as AddressInfo,
    setCertificate: ({ certificate, privateKey }) =>
      server.setSecureContext({ cert: certificate, key: privateKey, minVersion: 'TLSv1.2' }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}

function listen(server: Server, place: ListenPlace): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(listenOptions(place), () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { inject, judge, logger }: WebhookServerOptions,
): Promise<void> {
  const refuse = (status: number, why: string): void => {
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(`${why}\n`);
  };
  const [path = ''] = (request.url ?? '').split('?');
  const review = reviewer(path, inject, judge);
  if (review === undefined) return refuse(404, `there is no webhook at ${path}`);
  if (request.method !== 'POST') return refuse(405, 'an AdmissionReview comes by POST');
  try {
    const body = await readBody(request);
    if (body === undefined) return refuse(413, `more than ${MAX_BODY_BYTES} bytes`);
    const reviewed = JSON.stringify(review(JSON.parse(body) as AdmissionReview));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(reviewed);
  } catch (error) {
    logger.warn('an AdmissionReview could not be answered', { path, error });
    refuse(400, error instanceof Error ? error.message : String(error));
  }
}

function reviewer(
  path: string,
  inject: InjectSettings,
  judge: Judge,
): ((review: AdmissionReview) => object) | undefined {
  switch (path) {
    // Which namespaces and pods are meant is in the configuration's selectors: the API server has asked them.
    case INJECT_BY_NAMESPACE_PATH:
      return (review) => reviewPod(review, 'enabled', inject);
    case INJECT_BY_POD_PATH:
      return (review) => reviewPod(review, undefined, inject);
    case VALIDATE_PATH:
      return (review) => reviewPolicy(review, judge);
    default:
      return undefined;
  }
}

/** `undefined` when there is too much. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
