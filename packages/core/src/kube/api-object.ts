/** `metav1.ObjectMeta`, as far as a reflector looks at it. */
export interface KubeObjectMeta {
  readonly name?: string;
  /** Absent on objects that belong to no namespace. */
  readonly namespace?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Any object as the API server sends it, parsed from JSON. */
export interface KubeApiObject {
  readonly metadata: KubeObjectMeta;
  readonly [field: string]: unknown;
}

/** One page of a list. */
export interface KubeList {
  readonly metadata: {
    readonly resourceVersion?: string;
    /** Not empty: there are further pages. */
    readonly continue?: string;
  };
  readonly items: readonly KubeApiObject[];
}

/** `metav1.WatchEvent`. Of an `ERROR` the object is a Status; of a `BOOKMARK` it has nothing but a resourceVersion. */
export interface KubeWatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: KubeApiObject;
}

/** `namespace/name`; of an object that belongs to no namespace `/name`. */
export function keyOf({ namespace = '', name = '' }: KubeObjectMeta): string {
  return `${namespace}/${name}`;
}
