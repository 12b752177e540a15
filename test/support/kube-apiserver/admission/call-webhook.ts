import { randomUUID } from 'node:crypto';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { at, listAt, textAt, type Json } from '../objects/api-object.js';
import { StatusError } from '../objects/status-error.js';
import type { ServiceReference } from './admission.js';

/** A webhook's word on an object that it lets through. */
export interface WebhookAnswer {
  /** A JSON patch; undefined when there is none. */
  readonly patch: unknown;
  readonly warnings: readonly string[];
}

type AddressOf = (service: ServiceReference) => { readonly host: string; readonly port: number };

/**
 * Sends an AdmissionReview, over TLS that the webhook's `caBundle` must vouch for.
 *
 * @throws StatusError when it refuses; Error when it cannot be asked
 */
export async function callWebhook(
  webhook: unknown,
  request: Json,
  addressOf: AddressOf,
): Promise<WebhookAnswer> {
  const uid = randomUUID();
  const review = { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', request: { uid, ...request } };
  const seconds = at(webhook, 'timeoutSeconds');
  const text = await post(
    optionsOf(at(webhook, 'clientConfig'), addressOf),
    JSON.stringify(review),
    typeof seconds === 'number' ? seconds * 1000 : 10_000,
  );
  const response = at(JSON.parse(text), 'response');
  if (textAt(response, 'uid') !== uid) throw new Error('the response has another uid than the request');
  if (at(response, 'allowed') !== true) {
    const code = at(response, 'status', 'code');
    const message = textAt(response, 'status', 'message') || textAt(response, 'status', 'reason');
    throw new StatusError(
      typeof code === 'number' ? code : 403,
      textAt(response, 'status', 'reason') || 'Forbidden',
      message === ''
        ? `admission webhook "${textAt(webhook, 'name')}" denied the request without explanation`
        : `admission webhook "${textAt(webhook, 'name')}" denied the request: ${message}`,
    );
  }
  const patch = textAt(response, 'patch');
  const warnings = listAt(response, 'warnings').map(String);
  if (patch === '') return { patch: undefined, warnings };
  if (textAt(response, 'patchType') !== 'JSONPatch')
    throw new Error('webhook returned response.patch but no patchType');
  return { patch: JSON.parse(Buffer.from(patch, 'base64').toString()), warnings };
}

function optionsOf(clientConfig: unknown, addressOf: AddressOf): RequestOptions {
  const ca = Buffer.from(textAt(clientConfig, 'caBundle'), 'base64');
  const url = textAt(clientConfig, 'url');
  if (url !== '') {
    const { hostname, port, pathname, search } = new URL(url);
    const host = hostname.replace(/^\[|\]$/g, '');
    return { ca, host, port: port || 443, path: pathname + search };
  }
  const service = at(clientConfig, 'service');
  const [name, namespace] = [textAt(service, 'name'), textAt(service, 'namespace')];
  const number = at(service, 'port');
  const port = typeof number === 'number' ? number : 443;
  return {
    ca,
    ...addressOf({ namespace, name, port }),
    path: textAt(service, 'path') || '/',
    // What its certificate must be made out for.
    servername: `${name}.${namespace}.svc`,
  };
}

function post(options: RequestOptions, body: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const headers = { 'content-type': 'application/json', accept: 'application/json' };
    const request = httpsRequest(
      { ...options, method: 'POST', headers, agent: false, signal },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode === 200) resolve(text);
          else reject(new Error(`the server responded with the status code ${response.statusCode}`));
        });
      },
    );
    request.on('error', (error) => reject(signal.aborted ? new Error('context deadline exceeded') : error));
    request.end(body);
  });
}
