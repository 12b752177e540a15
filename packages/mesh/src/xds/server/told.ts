/** What a client was told of a resource. The version of one it was told does not exist is `ABSENT`. */
export interface Told {
  readonly version: string;
}

/** No resource's version. */
export const ABSENT: Told = { version: '' };
