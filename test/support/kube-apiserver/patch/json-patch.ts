import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '../objects/api-object.js';
import { badRequest, StatusError } from '../objects/status-error.js';

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

type Container = Record<string, unknown> | unknown[];

/** RFC 6902. What is given is left as it is. */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch is a list of operations');
  // A holder, so that the whole document (path '') is no special case.
  const holder: Record<string, unknown> = { root: structuredClone(target) };
  for (const operation of patch as Operation[]) apply(holder, operation);
  return holder['root'];
}

function apply(holder: Record<string, unknown>, { op, path, from = '', value }: Operation): void {
  switch (op) {
    case 'add':
      add(holder, path, value);
      return;
    case 'replace':
      remove(holder, path);
      add(holder, path, value);
      return;
    case 'remove':
      remove(holder, path);
      return;
    case 'move':
      add(holder, path, remove(holder, from));
      return;
    case 'copy':
      add(holder, path, structuredClone(read(holder, from)));
      return;
    case 'test':
      if (!isDeepStrictEqual(read(holder, path), value))
        throw failed(`testing value ${path} failed: test failed`);
      return;
    default:
      throw badRequest(`unknown operation ${JSON.stringify(op)}`);
  }
}

function locate(holder: Record<string, unknown>, pointer: string): [Container, string] {
  const keys = ['root', ...pointer.split('/').slice(1).map(unescape)];
  const last = keys.pop() ?? '';
  let current: unknown = holder;
  for (const key of keys) current = (current as Record<string, unknown> | undefined)?.[key];
  if (!isRecord(current) && !Array.isArray(current)) throw missing(pointer);
  return [current as Container, last];
}

function add(holder: Record<string, unknown>, pointer: string, value: unknown): void {
  const [container, key] = locate(holder, pointer);
  if (!Array.isArray(container)) container[key] = value;
  else if (key === '-') container.push(value);
  else if (/^\d+$/.test(key) && Number(key) <= container.length) container.splice(Number(key), 0, value);
  else throw missing(pointer);
}

function remove(holder: Record<string, unknown>, pointer: string): unknown {
  const [container, key] = locate(holder, pointer);
  if (!Object.hasOwn(container, key)) throw missing(pointer);
  if (Array.isArray(container)) return container.splice(Number(key), 1)[0];
  const value = container[key];
  delete container[key];
  return value;
}

function read(holder: Record<string, unknown>, pointer: string): unknown {
  const [container, key] = locate(holder, pointer);
  if (!Object.hasOwn(container, key)) throw missing(pointer);
  return (container as Record<string, unknown>)[key];
}

function unescape(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~');
}

function missing(pointer: string): StatusError {
  return failed(`the path ${JSON.stringify(pointer)} is not in the object`);
}

function failed(message: string): StatusError {
  return new StatusError(
    422,
    'Invalid',
    `the server rejected our request due to an error in our request: ${message}`,
  );
}
