/** The API server could not be reached, or said no. */
export class KubeApiError extends Error {
  override readonly name = 'KubeApiError';
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** `metav1.Status.reason`: `Forbidden`, `Expired`, …; `''` when the server gave none. */
  readonly reason: string;
  /** How long the server asked to be left alone, in milliseconds (`Retry-After`). */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, details: KubeApiErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.status = details.status ?? 0;
    this.reason = details.reason ?? '';
    this.retryAfterMs = details.retryAfterMs;
  }
}

export interface KubeApiErrorDetails {
  readonly status?: number;
  readonly reason?: string;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/**
 * The error a `metav1.Status` stands for: the body of a failed request, or the object of an `ERROR` event.
 *
 * @param httpStatus counts where the Status itself has no code
 */
export function errorOfStatus(body: unknown, httpStatus = 0): KubeApiError {
  const { code, reason, message, details } = isRecord(body) ? body : {};
  const status = typeof code === 'number' ? code : httpStatus;
  const seconds = isRecord(details) ? details['retryAfterSeconds'] : undefined;
  return new KubeApiError(
    typeof message === 'string' && message !== '' ? message : `the API server answered ${status}`,
    {
      status,
      reason: typeof reason === 'string' ? reason : '',
      retryAfterMs: typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : undefined,
    },
  );
}

/**
 * Whether the state a request builds on can no longer be continued from, so that everything must be listed anew:
 * its version has been forgotten, or the server itself went back behind it (restored from a backup).
 */
export function isStale({ status, reason, message }: KubeApiError): boolean {
  if (status === 410 || reason === 'Expired' || reason === 'Gone') return true;
  // apimachinery `NewTooLargeResourceVersionError`: a Timeout that only its text tells from others.
  return status === 504 && message.includes('Too large resource version');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
