/** How far one field of a kind is implemented. */
export interface FieldSupport {
  /** `spec.http[].match[].uri`; `[]` stands for any item of a list. */
  readonly field: string;
  readonly support: 'implemented' | 'partly' | 'not implemented';
  /** Of an implemented field: in what it differs from Istio, or what it means. Else why not, and what to do. */
  readonly note: string;
  /** Of a field that is partly implemented: the values that are not. */
  readonly isMissing?: (value: unknown) => boolean;
  /** `error` where calls would be less protected than the user thinks. */
  readonly severity?: 'error';
  /** `findWithoutEffect` has more to say about it. */
  readonly reportedElsewhere?: boolean;
}

export type SupportedKind = 'VirtualService' | 'DestinationRule' | 'ServiceEntry' | 'GRPCPolicy';

export function implemented(field: string, note = ''): FieldSupport {
  return { field, support: 'implemented', note };
}

export function missing(field: string, why: string, extra: Partial<FieldSupport> = {}): FieldSupport {
  return { field, support: 'not implemented', note: why, ...extra };
}

export function partly(
  field: string,
  isMissing: (value: unknown) => boolean,
  note: string,
  extra: Partial<FieldSupport> = {},
): FieldSupport {
  return { field, support: 'partly', note, isMissing, ...extra };
}
