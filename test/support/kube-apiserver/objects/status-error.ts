import type { Json } from './api-object.js';
import { groupResource, type ResourceType } from './resource-type.js';

/** An answer that is no: `metav1.Status` with the words of the real API server. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly code: number;
  readonly reason: string;
  readonly details: Json | undefined;

  constructor(code: number, reason: string, message: string, details?: Json) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  toJson(): Json {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      ...(this.details !== undefined && { details: this.details }),
      code: this.code,
    };
  }
}

export function notFound(type: ResourceType, name: string): StatusError {
  const details = { name, group: type.group, kind: type.plural };
  return new StatusError(404, 'NotFound', `${groupResource(type)} "${name}" not found`, details);
}

export function alreadyExists(type: ResourceType, name: string): StatusError {
  const details = { name, group: type.group, kind: type.plural };
  return new StatusError(409, 'AlreadyExists', `${groupResource(type)} "${name}" already exists`, details);
}

export function conflict(type: ResourceType, name: string): StatusError {
  return new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${groupResource(type)} "${name}": the object has been modified; please apply your changes to the latest version and try again`,
    { name, group: type.group, kind: type.plural },
  );
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message);
}

export function invalid(type: ResourceType, name: string, message: string): StatusError {
  const kind = type.group === '' ? type.kind : `${type.kind}.${type.group}`;
  return new StatusError(422, 'Invalid', `${kind} "${name}" is invalid: ${message}`, {
    name,
    group: type.group,
    kind: type.kind,
  });
}

export function expired(message: string): StatusError {
  return new StatusError(410, 'Expired', message);
}
