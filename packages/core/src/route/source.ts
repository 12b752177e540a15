/** Where something in a configuration was written, carried along for people and never decided by. */
export interface Source {
  /** Path of the file as the user gave it; empty when it came from elsewhere. */
  readonly file: string;
  /** Counted from 1; 0 when unknown. */
  readonly line: number;
  /** `VirtualService default/reviews`. */
  readonly object: string;
}
