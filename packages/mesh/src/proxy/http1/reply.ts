import type { ServerResponse } from 'node:http';
import { HeaderField } from '../../http2/hpack/header-field.js';
import type { Answer } from '../relay/answer.js';
import { hasBody } from './message-fields.js';

/** Answers in the endpoint's place with a status and one line of text. */
export function replyText(response: ServerResponse, status: number, text: string): void {
  write(response, status, `${text}\n`, ['content-type', 'text/plain; charset=utf-8']);
}

/** Sends what a rule answers. */
export function replyAnswer(response: ServerResponse, answer: Answer): void {
  const { httpStatus, text, fields, changes } = answer;
  const described = text === '' ? [] : [new HeaderField('content-type', 'text/plain')];
  const all = [...described, ...fields];
  const raw = (changes?.apply(all) ?? all).flatMap(({ name, value }) => [name, value]);
  write(response, httpStatus, text, raw);
}

function write(response: ServerResponse, status: number, text: string, headers: string[]): void {
  const body = Buffer.from(text);
  // The rest of a request that nobody wants is not read to the end for the sake of the next one.
  if (hasBody(response.req) && !response.req.complete) response.shouldKeepAlive = false;
  const length = status === 204 || status < 200 ? [] : ['content-length', String(body.length)];
  response.writeHead(status, [...headers, ...length]);
  response.end(body);
}
